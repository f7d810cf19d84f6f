package settings

import (
	"go/ast"
	"go/token"
	"strings"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// family is a group of names of error conditions.
type family struct {
	Title, Form string
	Names       []condition
}

// condition is the name of an error condition, and when it holds, if a comment
// says so.
type condition struct {
	Name, When string
}

// familiesOf adds the comments in the source of package classify to its names.
func familiesOf(dir string) ([]family, error) {
	said := map[string]string{}
	err := declarations(dir, func(d *ast.GenDecl) {
		for _, spec := range d.Specs {
			spec, ok := spec.(*ast.ValueSpec)
			if !ok || d.Tok != token.CONST {
				continue
			}
			if name, ok := textOf(spec); ok {
				said[name] = strings.TrimSpace(spec.Comment.Text())
			}
		}
	})
	var all []family
	for _, f := range classify.Families() {
		one := family{Title: f.Title, Form: f.Form}
		for _, name := range f.Names {
			one.Names = append(one.Names, condition{Name: name, When: said[name]})
		}
		all = append(all, one)
	}
	return all, err
}

// Described are the names with a comment.
func (f family) Described() []condition {
	var all []condition
	for _, c := range f.Names {
		if c.When != "" {
			all = append(all, c)
		}
	}
	return all
}

// Others is a text of the names without one.
func (f family) Others() string {
	var b strings.Builder
	width := 0
	for _, c := range f.Names {
		if c.When != "" {
			continue
		}
		name := code(c.Name)
		switch {
		case width == 0:
		case width+len(name) > 115:
			b.WriteString(",\n")
			width = 0
		default:
			b.WriteString(", ")
		}
		b.WriteString(name)
		width += len(name) + 2
	}
	return b.String()
}
