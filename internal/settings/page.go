package settings

import (
	"bytes"
	_ "embed"
	"strings"
	"text/template"

	"github.com/holdfast-go/holdfast/policies"
)

//go:embed page.md.tmpl
var pageText string

// page is what the template shows.
type page struct {
	Own      section
	Blocks   []section
	Families []family
}

// section shows one block.
type section struct {
	Key, Text string
	Rows      []row
}

// row shows one setting: what it may be, and what it does.
type row struct {
	Key, Type, Default, Allowed, Since, Example string
	Text                                        string
	Words                                       []string
}

// pageOf makes the page of the documentation.
func pageOf(blocks []block, families []family) ([]byte, error) {
	t, err := template.New("page.md.tmpl").Parse(pageText)
	if err != nil {
		return nil, err
	}
	p := page{Families: families}
	for _, b := range blocks {
		s, err := sectionOf(b)
		if err != nil {
			return nil, err
		}
		if b.key == "" {
			p.Own = s
		} else {
			p.Blocks = append(p.Blocks, s)
		}
	}
	var out bytes.Buffer
	err = t.Execute(&out, p)
	return out.Bytes(), err
}

func sectionOf(b block) (section, error) {
	s := section{Key: b.key}
	var err error
	if b.key != "" {
		if s.Text, err = b.comment.in(markdownStyle); err != nil {
			return section{}, err
		}
	}
	for _, one := range b.settings {
		r, err := rowOf(one)
		if err != nil {
			return section{}, err
		}
		s.Rows = append(s.Rows, r)
	}
	return s, nil
}

func rowOf(s setting) (row, error) {
	all, err := s.fallbacks()
	if err != nil {
		return row{}, err
	}
	holds := s.Kind.String()
	if s.Kind == policies.Duration {
		holds += "&nbsp;(s)"
	}
	r := row{
		Key: s.key, Type: holds, Default: byType(all, "&nbsp;", code), Allowed: s.allowed(), Since: s.Since,
		Example: code(`"` + s.key + `": ` + s.Example),
	}
	if r.Text, err = s.comment.item(""); err != nil {
		return row{}, err
	}
	for _, w := range s.words {
		text, err := w.item("  ")
		if err != nil {
			return row{}, err
		}
		r.Words = append(r.Words, text)
	}
	return r, nil
}

// item is a comment as an item of a list, with the name it begins with in bold.
func (c comment) item(indent string) (string, error) {
	text, err := c.in(markdownStyle)
	if err != nil {
		return "", err
	}
	about := markdownStyle.show(c.own[c.of])
	text = "**" + about + "**" + strings.TrimPrefix(text, about)
	return indent + "- " + strings.ReplaceAll(text, "\n", "\n"+indent+"  "), nil
}
