package settings

import (
	"fmt"
	"regexp"
	"strings"
)

// name is what a file has for a Go name: the key of a field, or the word of a
// constant.
type name struct {
	text   string
	isWord bool
}

// names are those that a comment may use.
type names map[string]name

// comment is a doc comment and what its names stand for.
type comment struct {
	of   string // the Go name it is the comment of
	text string
	// own are the names of the same struct, or of the same kind of word. The
	// others count only where they can't be English words.
	own, all names
}

// style says how the names of a file look in a text.
type style struct {
	key, word string // formats
}

var (
	plainStyle    = style{key: "%s", word: "%q"}
	markdownStyle = style{key: "`%s`", word: "`%q`"}
)

func (s style) show(n name) string {
	if n.isWord {
		return fmt.Sprintf(s.word, n.text)
	}
	return fmt.Sprintf(s.key, n.text)
}

var (
	goName    = regexp.MustCompile(`\[[A-Z]\w*\]|\b[A-Z]\w*`)
	camelCase = regexp.MustCompile(`[a-z][A-Z]`)
)

// in returns the comment with the names that a file has, on the lines that the
// source has. A link to what no file has is an error.
func (c comment) in(s style) (string, error) {
	if goName.FindString(c.text) != c.of || !strings.HasPrefix(c.text, c.of) {
		return "", fmt.Errorf("the comment of %s must begin with its name", c.of)
	}
	var b strings.Builder
	at := 0
	for _, found := range goName.FindAllStringIndex(c.text, -1) {
		begin, end := found[0], found[1]
		before := strings.TrimRight(c.text[:begin], " \n")
		n, ok, err := c.find(c.text[begin:end], strings.HasSuffix(before, "."))
		if err != nil {
			return "", err
		}
		if ok {
			b.WriteString(c.text[at:begin] + s.show(n))
			at = end
		}
	}
	return strings.TrimSpace(b.String() + c.text[at:]), nil
}

// find returns what a Go name stands for. A capital letter alone makes no name
// where a sentence begins.
func (c comment) find(text string, beginsSentence bool) (name, bool, error) {
	if link := strings.Trim(text, "[]"); link != text {
		n, ok := c.all[link]
		if !ok {
			return name{}, false, fmt.Errorf("the comment of %s links to %s, which no file can have", c.of, text)
		}
		return n, true, nil
	}
	camel := camelCase.MatchString(text)
	if n, ok := c.own[text]; ok && (camel || !beginsSentence) {
		return n, true, nil
	}
	n, ok := c.all[text]
	return n, ok && camel, nil
}

// paragraphs joins the lines of each paragraph.
func paragraphs(text string) string {
	all := strings.Split(text, "\n\n")
	for i, p := range all {
		all[i] = strings.ReplaceAll(p, "\n", " ")
	}
	return strings.Join(all, "\n\n")
}
