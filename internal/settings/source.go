package settings

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// field is a struct's field as its source has it.
type field struct {
	name, key, typ, comment string
}

// constant is a word of a setting, as its source has it.
type constant struct {
	name, typ, word, comment string
}

// source is what a Go package says that reflection can't see.
type source struct {
	structs   map[string][]field // by the type's name
	constants []constant
}

// readGo reads the Go files of a directory, without tests.
func readGo(dir string) (*source, error) {
	from := &source{structs: map[string][]field{}}
	return from, declarations(dir, from.declaration)
}

// declarations visits what the Go files of a directory declare together.
func declarations(dir string, visit func(*ast.GenDecl)) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if d, ok := d.(*ast.GenDecl); ok {
				visit(d)
			}
		}
	}
	return nil
}

func (s *source) declaration(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if t, ok := spec.Type.(*ast.StructType); ok {
				s.structs[spec.Name.Name] = fieldsOf(t)
			}
		case *ast.ValueSpec:
			if d.Tok == token.CONST {
				s.constant(spec)
			}
		}
	}
}

// fieldsOf returns the fields that have a key in a file.
func fieldsOf(t *ast.StructType) []field {
	var all []field
	for _, f := range t.Fields.List {
		if f.Tag == nil || len(f.Names) != 1 {
			continue
		}
		tag, _ := strconv.Unquote(f.Tag.Value) // the parser has seen that it is text
		typ, _ := f.Type.(*ast.Ident)
		one := field{name: f.Names[0].Name, key: reflect.StructTag(tag).Get("koanf"), comment: f.Doc.Text()}
		if typ != nil {
			one.typ = typ.Name
		}
		all = append(all, one)
	}
	return all
}

// constant keeps a constant that is text of a named type.
func (s *source) constant(spec *ast.ValueSpec) {
	typ, named := spec.Type.(*ast.Ident)
	if word, ok := textOf(spec); ok && named {
		s.constants = append(s.constants, constant{
			name: spec.Names[0].Name, typ: typ.Name, word: word, comment: spec.Doc.Text(),
		})
	}
}

// textOf returns the value of a constant that is text.
func textOf(spec *ast.ValueSpec) (string, bool) {
	if len(spec.Values) != 1 {
		return "", false
	}
	value, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || value.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(value.Value)
	return text, err == nil
}
