package classify

import (
	"maps"
	"slices"
	"strings"
)

// Family is a group of the names that [Lookup] knows.
type Family struct {
	// Title says whose names they are, in a word: "HTTP".
	Title string
	// Form says how a name of the family is written where Names doesn't
	// list them all; it is empty where it does.
	Form string
	// Names are sorted. Those of Go are there in their short form only.
	Names []string
}

// Families returns the built-in names, by family in the order in which
// documentation has them. Names that users register are not among them, nor
// are those that no list of a policy matches. The caller may change what it
// gets.
func Families() []Family {
	own := slices.DeleteFunc(slices.Sorted(maps.Keys(meanings)), func(name string) bool {
		return name == CallerCanceled || name == CallerDeadline
	})
	general := Family{Title: "Conditions"}
	http := Family{
		Title: "HTTP", Form: "http. and a status from 100 to 599, or a class of them such as http.5xx",
		Names: []string{"http.4xx", "http.5xx", "http.408", "http.429", "http.500", "http.502", "http.503", "http.504"},
	}
	grpc := Family{Title: "gRPC", Form: "grpc. and a code, as in grpc.DeadlineExceeded or grpc.DEADLINE_EXCEEDED"}
	sql := Family{Title: "SQL", Form: "sql. and an SQLSTATE of five digits and capital letters, such as sql.55P03"}
	golang := Family{Title: "Go", Form: "one of these types and variables of the standard library, with an asterisk before a type or without, " +
		"with the whole import path or its last part: *net.OpError, net/url.Error, url.Error"}
	python := Family{Title: "Python", Form: "one of these exceptions, those of Python itself also with builtins. before them"}

	for _, name := range own {
		family := &general
		switch prefix, _, _ := strings.Cut(name, "."); prefix {
		case "http":
			family = &http
		case "sql":
			family = &sql
		}
		family.Names = append(family.Names, name)
	}
	for code := 1; code < len(grpcCodes); code++ {
		grpc.Names = append(grpc.Names, "grpc."+grpcCodes[code].name)
	}
	for name := range goNames {
		if !strings.Contains(name, "/") {
			golang.Names = append(golang.Names, name)
		}
	}
	python.Names = slices.AppendSeq(slices.Collect(maps.Keys(pythonBuiltins)), maps.Keys(pythonNames))

	families := []Family{general, http, grpc, sql, golang, python}
	for _, f := range families {
		slices.Sort(f.Names)
	}
	return families
}

// knownNames returns, sorted, every name that a misspelt one may be meant for:
// those of [Families], those that no list matches, and users' own.
func knownNames() []string {
	names := append(slices.Collect(maps.Keys(registered)), CallerCanceled, CallerDeadline)
	for _, f := range Families() {
		names = append(names, f.Names...)
	}
	slices.Sort(names)
	return names
}
