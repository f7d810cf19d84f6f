package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// A mutant is one change to a file: a guard that always or never lets through, a
// comparison that is off by one, or a statement that is left out.
type mutant struct {
	id       int
	file     string // relative to the module
	line     int
	function string
	// kind is "true", "false", "edge" or "skip".
	kind string
	text string // of the expression or statement, on one line
	// nth tells apart those of which all else is the same.
	nth int
}

// key names the mutant without its line, so that it stays the same while other
// code moves.
func (m mutant) key() string {
	key := fmt.Sprintf("%s: %s: %s: %s", m.file, m.function, m.kind, m.text)
	if m.nth > 1 {
		key += fmt.Sprintf(" #%d", m.nth)
	}
	return key
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d%s", m.file, m.line, strings.TrimPrefix(m.key(), m.file))
}

// insertion is text put into a file. All mutants of a file are in it at once; a
// variable says which is alive.
type insertion struct {
	at   int
	text string
	// closes is true for what comes after a piece of code, where the inner one
	// has to be closed first.
	closes bool
	order  int
}

// mutator finds the mutants of one file.
type mutator struct {
	src      []byte
	fset     *token.FileSet
	file     string
	function string
	next     func() int
	seen     map[string]int

	mutants    []mutant
	insertions []insertion
}

// mutate finds the mutants of a file of the module at root, and gives its source
// with all of them in it. next numbers them.
func mutate(root, file string, src []byte, next func() int) (mutants []mutant, out []byte, err error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, filepath.Join(root, file), src, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	m := &mutator{src: src, fset: fset, file: file, next: next, seen: map[string]int{}}
	for _, d := range tree.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			m.function = nameOf(f)
			ast.Inspect(f.Body, m.visit)
		}
	}
	return m.mutants, m.apply(), nil
}

func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	return fmt.Sprint(t) + "." + f.Name.Name
}

func (m *mutator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		m.condition(n.Cond, true)
	case *ast.ForStmt:
		if n.Cond != nil { // true would be a loop without an end
			m.condition(n.Cond, false)
		}
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, clause := range n.Body.List {
				for _, cond := range clause.(*ast.CaseClause).List {
					m.condition(cond, true)
				}
			}
		}
	case *ast.ReturnStmt:
		for _, result := range n.Results {
			if isCondition(result) {
				m.condition(result, true)
			}
		}
	case *ast.BinaryExpr:
		m.binary(n)
	case *ast.BlockStmt:
		m.statements(n.List)
	case *ast.CaseClause:
		m.statements(n.Body)
	case *ast.CommClause:
		m.statements(n.Body)
	}
	return true
}

func isCondition(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return e.Op == token.LAND || e.Op == token.LOR || e.Op == token.EQL || e.Op == token.NEQ || edges[e.Op] != ""
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	case *ast.ParenExpr:
		return isCondition(e.X)
	}
	return false
}

func (m *mutator) condition(e ast.Expr, both bool) {
	never := m.add(e, "false")
	before, after := fmt.Sprintf("(!mutantAt(%d) && (", never), "))"
	if both {
		before, after = before+fmt.Sprintf("mutantAt(%d) || (", m.add(e, "true")), after+")"
	}
	m.wrap(e, before, after)
}

// edges is what a comparison is mistaken for at its edge.
var edges = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}

func (m *mutator) binary(e *ast.BinaryExpr) {
	switch e.Op {
	case token.LAND:
		for _, x := range []ast.Expr{e.X, e.Y} {
			m.wrap(x, fmt.Sprintf("(mutantAt(%d) || (", m.add(x, "true")), "))")
		}
	case token.LOR:
		for _, x := range []ast.Expr{e.X, e.Y} {
			m.wrap(x, fmt.Sprintf("(!mutantAt(%d) && (", m.add(x, "false")), "))")
		}
	default:
		if other, ok := edges[e.Op]; ok {
			id := m.add(e, "edge")
			m.wrap(e, fmt.Sprintf("(mutantAt(%d) && (%s %s %s) || !mutantAt(%[1]d) && (", id, m.source(e.X), other, m.source(e.Y)), "))")
		}
	}
}

func (m *mutator) statements(list []ast.Stmt) {
	for _, s := range list {
		if canGo(s) {
			m.wrap(s, fmt.Sprintf("if !mutantAt(%d) { ", m.add(s, "skip")), " }")
		}
	}
}

// canGo says whether the statement can be left out, and the rest still compiles.
func canGo(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false // a receive
		}
		name, ok := call.Fun.(*ast.Ident)
		return !ok || name.Name != "panic"
	case *ast.AssignStmt:
		if name, ok := s.Lhs[0].(*ast.Ident); ok && name.Name == "_" {
			return false
		}
		return s.Tok != token.DEFINE
	case *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt:
		return true
	}
	return false
}

func (m *mutator) source(n ast.Node) string {
	return string(m.src[m.fset.Position(n.Pos()).Offset:m.fset.Position(n.End()).Offset])
}

func (m *mutator) add(n ast.Node, kind string) int {
	text := strings.Join(strings.Fields(m.source(n)), " ")
	if len(text) > 100 {
		text = text[:100] + "..."
	}
	x := mutant{id: m.next(), file: m.file, line: m.fset.Position(n.Pos()).Line, function: m.function, kind: kind, text: text}
	key := x.key()
	m.seen[key]++
	x.nth = m.seen[key]
	m.mutants = append(m.mutants, x)
	return x.id
}

func (m *mutator) wrap(n ast.Node, before, after string) {
	start, end := m.fset.Position(n.Pos()).Offset, m.fset.Position(n.End()).Offset
	order := len(m.insertions)
	m.insertions = append(m.insertions, insertion{at: start, text: before, order: order}, insertion{at: end, text: after, closes: true, order: order})
}

// apply puts the insertions in. The walk meets the outer code first: its opening
// comes first, and its closing last.
func (m *mutator) apply() []byte {
	slices.SortStableFunc(m.insertions, func(a, b insertion) int {
		switch {
		case a.at != b.at:
			return a.at - b.at
		case a.closes != b.closes && a.closes:
			return -1
		case a.closes != b.closes:
			return 1
		case a.closes:
			return b.order - a.order
		default:
			return a.order - b.order
		}
	})
	var out bytes.Buffer
	at := 0
	for _, i := range m.insertions {
		out.Write(m.src[at:i.at])
		out.WriteString(i.text)
		at = i.at
	}
	out.Write(m.src[at:])
	return out.Bytes()
}
