package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-go/holdfast/policies"
)

// fileNames are short names for files, by their paths.
type fileNames map[string]string

// shortNames gives each file its own name, with as many of the directories
// above it as tell it from the others.
func shortNames(files []string) fileNames {
	short := fileNames{}
	for _, file := range files {
		whole := filepath.Clean(file)
		name, dir := filepath.Base(whole), filepath.Dir(whole)
		for name != whole && slices.ContainsFunc(files, func(other string) bool { return whole != filepath.Clean(other) && endsIn(other, name) }) {
			name, dir = filepath.Join(filepath.Base(dir), name), filepath.Dir(dir)
		}
		short[file] = name
	}
	return short
}

// endsIn reports whether name is the file, or the last parts of its path.
func endsIn(file, name string) bool {
	file = filepath.Clean(file)
	return file == name || strings.HasSuffix(file, string(filepath.Separator)+name)
}

// of returns the short name of a file, and of anything else the name it has.
func (n fileNames) of(source string) string {
	if short, ok := n[source]; ok {
		return short
	}
	return source
}

// origin says where a value comes from, with the short name of the file. A
// setting that it follows is one of the same block, which needs no naming.
func (n fileNames) origin(o policies.Origin) string {
	o.Source = n.of(o.Source)
	o.Follows = o.Follows[strings.LastIndex(o.Follows, ".")+1:]
	return o.String()
}

// cutFront puts text in at most columns characters, the first an ellipsis
// where something was cut off: of a path and of a variable's name the end says
// most.
func cutFront(text string, columns int) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	all := []rune(text)
	return "…" + string(all[len(all)-columns+1:])
}

// shortList puts a list of names in at most columns characters: as many whole
// names as fit, and how many more there are.
func shortList(list string, columns int) string {
	if utf8.RuneCountInString(list) <= columns {
		return list
	}
	const separator = ", "
	all := strings.Split(list, separator)
	for n := len(all) - 1; n > 0; n-- {
		more := separator + "+" + strconv.Itoa(len(all)-n)
		text := strings.Join(all[:n], separator)
		if n == 1 {
			text = fit(text, columns-len(more))
		}
		if utf8.RuneCountInString(text)+len(more) <= columns {
			return text + more
		}
	}
	return fit(list, columns)
}
