package load

import (
	"errors"
	"fmt"

	"github.com/knadh/koanf/v2"

	"github.com/holdfast-go/holdfast/policies"
)

// The prefixes of the store's keys, by layer. A name of a target has no "/".
const (
	agentWide = ""
	ofBindu   = "bindu/"
	ofType    = operationTypesKey + "/"
	ofTarget  = targetsKey + "/"
)

// store holds what the sources say, later ones over earlier ones, and where it
// stands. The values are koanf's to merge, under flat keys such as
// "targets/payment_gateway/retry_policy.max_attempts".
type store struct {
	merged *koanf.Koanf
	// current holds the values of the source that is being checked.
	current map[string]any
	// entries lists the settings given in a layer, by its prefix.
	entries map[string][]entry
	// origins holds, by key, where the last source gives it.
	origins map[string]origin
	// written holds the names of all targets.
	written map[string]bool
	// types and given are what code says of targets.
	types map[string]policies.OperationType
	given map[string]policies.Policy
}

// entry is a setting that is given in a layer.
type entry struct {
	*setting
	key string
}

// origin is where the value of a key comes from.
type origin struct {
	source       int
	name         string
	line, column int
	// bad says that the value was reported and left out.
	bad bool
}

func newStore() *store {
	return &store{
		merged:  koanf.New("/"),
		entries: map[string][]entry{},
		origins: map[string]origin{},
		written: map[string]bool{},
		types:   map[string]policies.OperationType{},
		given:   map[string]policies.Policy{},
	}
}

func (s *store) addTarget(name string) { s.written[name] = true }

// note says where a setting is given.
func (s *store) note(prefix string, one *setting, o origin) (key string) {
	key = prefix + one.Path
	if _, known := s.origins[key]; !known {
		s.entries[prefix] = append(s.entries[prefix], entry{one, key})
	}
	s.origins[key] = o
	return key
}

func (s *store) put(prefix string, one *setting, value any, o origin) {
	s.current[s.note(prefix, one, o)] = value
}

// add checks what a source says and merges it over what is there.
func (s *store) add(doc document, check func()) error {
	for name, t := range doc.declared {
		s.addTarget(name)
		s.types[name] = t
	}
	for name, p := range doc.given {
		s.addTarget(name)
		s.given[name] = p
	}
	s.current = make(map[string]any, 8*len(doc.values))
	check()
	if len(s.current) == 0 {
		return nil
	}
	if err := s.merged.Load(provider(s.current), nil); err != nil {
		return fmt.Errorf("merge the settings: %w", err)
	}
	return nil
}

// apply sets the fields of p that are given in a layer.
func (s *store) apply(p *policies.Policy, prefix string) {
	for _, e := range s.entries[prefix] {
		if value := s.merged.Get(e.key); value != nil {
			assign(e.setting, p, value)
		}
	}
}

// provider hands checked values to koanf.
type provider map[string]any

// Read implements koanf.Provider.
func (p provider) Read() (map[string]any, error) { return p, nil }

// ReadBytes implements koanf.Provider. Settings are never bytes again.
func (p provider) ReadBytes() ([]byte, error) {
	return nil, errors.New("settings are parsed already")
}
