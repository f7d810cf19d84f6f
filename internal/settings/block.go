package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// block is a group of settings under one key. The first has none: its settings
// are those of a target alone.
type block struct {
	key      string
	comment  comment
	settings []setting
}

// setting is a setting with what only the source says about it.
type setting struct {
	policies.Setting
	key     string
	comment comment
	words   []comment
}

// blocksOf brings the settings and their comments together.
func blocksOf(from *source) ([]block, error) {
	all := namesOf(from)
	blocks := []block{{}}
	for _, s := range policies.Settings() {
		group, key, inGroup := strings.Cut(s.Path, ".")
		of := "Policy"
		if !inGroup {
			group, key = "", s.Path
		} else {
			f, err := from.field("Policy", group)
			if err != nil {
				return nil, err
			}
			of = f.typ
			if blocks[len(blocks)-1].key != group {
				blocks = append(blocks, block{key: group, comment: f.about(from, "Policy", all)})
			}
		}
		f, err := from.field(of, key)
		if err != nil {
			return nil, err
		}
		in := &blocks[len(blocks)-1]
		in.settings = append(in.settings, setting{
			Setting: s, key: key, comment: f.about(from, of, all), words: from.words(f.typ, all),
		})
	}
	return blocks, nil
}

// namesOf returns what the names of all fields and constants stand for.
func namesOf(from *source) names {
	all := names{"Never": {text: "never", isWord: true}}
	for _, fields := range from.structs {
		for _, f := range fields {
			all[f.name] = name{text: f.key}
		}
	}
	for _, c := range from.constants {
		all[c.name] = name{text: c.word, isWord: true}
	}
	return all
}

func (s *source) field(of, key string) (field, error) {
	fields := s.structs[of]
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, fmt.Errorf("no field of policies.%s has the key %q", of, key)
	}
	return fields[i], nil
}

func (f field) about(from *source, of string, all names) comment {
	own := names{}
	for _, other := range from.structs[of] {
		own[other.name] = name{text: other.key}
	}
	return comment{of: f.name, text: f.comment, own: own, all: all}
}

// words returns the comments of a type's words, without those that have none.
func (s *source) words(typ string, all names) []comment {
	var words []comment
	own := names{}
	for _, c := range s.constants {
		if c.typ == typ {
			own[c.name] = name{text: c.word, isWord: true}
			if c.comment != "" {
				words = append(words, comment{of: c.name, text: c.comment, own: own, all: all})
			}
		}
	}
	return words
}
