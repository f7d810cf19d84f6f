package load

import (
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// The keys at the top level that are not blocks of a policy.
const (
	operationTypesKey = "operation_types"
	targetsKey        = "targets"
	typeKey           = "type"
)

// setting is one key that holds a value.
type setting struct {
	policies.Setting
	// block is the key of the block it is in, empty for a target's type.
	block, key string
}

// block is a group of settings, such as retry_policy.
type block struct {
	settings map[string]*setting
	keys     []string
}

// The structure is read off the policies' own description, so that a setting
// that is added there can be loaded without a change here.
var (
	blocks      = map[string]*block{}
	blockKeys   []string
	typeSetting *setting
	settingAt   = map[string]*setting{}
	topKeys     []string
	// operationTypes is here because each of many targets asks for it.
	operationTypes = policies.OperationTypes()
	insideTypes    []string // the keys inside an operation type
	insideTarget   []string // the keys inside a target
)

func init() {
	for _, s := range policies.Settings() {
		name, key, nested := strings.Cut(s.Path, ".")
		if !nested {
			typeSetting = &setting{Setting: s, key: name}
			settingAt[s.Path] = typeSetting
			continue
		}
		if blocks[name] == nil {
			blocks[name] = &block{settings: map[string]*setting{}}
			blockKeys = append(blockKeys, name)
		}
		one := &setting{Setting: s, block: name, key: key}
		blocks[name].settings[key] = one
		blocks[name].keys = append(blocks[name].keys, key)
		settingAt[s.Path] = one
	}
	topKeys = append(slices.Clone(blockKeys), operationTypesKey, targetsKey)
	insideTypes = blockKeys
	insideTarget = append([]string{typeKey}, blockKeys...)
}

// ownType returns the operation type that a target is named after.
func ownType(name string) (policies.OperationType, bool) {
	t := policies.OperationType(name)
	return t, slices.Contains(operationTypes, t)
}

func isTop(key string) bool { return slices.Contains(topKeys, key) }

func typeNames() []string {
	var all []string
	for _, t := range operationTypes {
		all = append(all, string(t))
	}
	return all
}

func mustBeOwnType(own policies.OperationType) string {
	return "must be " + string(own) + ": the target named after an operation type holds that type's policy"
}
