package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// String is the program's text, which [Parse] reads.
func (p *Program) String() string {
	var b strings.Builder
	for _, t := range p.Targets {
		fmt.Fprintln(&b, strings.Join(append([]string{"target", t.Name}, settingWords(t.Settings)...), " "))
		if t.Factory != nil {
			fmt.Fprintf(&b, "worker %s : %s\n", t.Name, deedsText(t.Factory))
		}
		if t.Probe != nil {
			fmt.Fprintf(&b, "probe %s : %s\n", t.Name, deedsText(t.Probe))
		}
	}
	for _, s := range p.Steps {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// String is the step's line.
func (s Step) String() string {
	if s.Verb == Call {
		return s.Call.String()
	}
	words := []string{string(s.Verb)}
	if s.Target != "" {
		words = append(words, place(s.Target, s.Keys))
	}
	if s.Manner != "" {
		words = append(words, s.Manner)
	}
	if s.For != 0 {
		words = append(words, short(s.For))
	}
	return strings.Join(append(words, settingWords(s.Settings)...), " ")
}

// String is the operation's line.
func (o *Operation) String() string {
	words := []string{string(o.Way), o.ID, place(o.Target, o.Keys)}
	if o.Deadline != 0 {
		words = append(words, "deadline="+short(o.Deadline))
	}
	if o.Cancel != 0 {
		words = append(words, "cancel="+short(o.Cancel))
	}
	if o.Priority != 0 {
		words = append(words, "priority="+strconv.Itoa(o.Priority))
	}
	if o.Idempotent {
		words = append(words, "idempotent")
	}
	if o.NotIdempotent {
		words = append(words, "not_idempotent")
	}
	if o.Key {
		words = append(words, "key")
	}
	if o.WhenOpen != "" {
		words = append(words, "when_open="+o.WhenOpen)
	}
	if o.Fallback != "" {
		words = append(words, "fallback="+o.Fallback)
	}
	return strings.Join(words, " ") + " : " + deedsText(o.Deeds)
}

func deedsText(deeds []Deed) string {
	all := make([]string, len(deeds))
	for i, d := range deeds {
		all[i] = d.String()
	}
	return strings.Join(all, ", ")
}

// String is the deed as it stands in a line.
func (d Deed) String() string {
	var words []string
	if d.Takes != 0 {
		words = append(words, short(d.Takes))
	}
	if d.Deaf {
		words = append(words, "deaf")
	}
	if len(d.Within) > 0 {
		inner := make([]string, len(d.Within))
		for i, o := range d.Within {
			inner[i] = o.String()
		}
		words = append(words, "{ "+strings.Join(inner, " ; ")+" }")
	}
	words = append(words, d.Result)
	if d.After != 0 {
		words = append(words, "after="+short(d.After))
	}
	if d.Cost != 0 {
		words = append(words, "cost="+strconv.FormatFloat(d.Cost, 'g', -1, 64))
	}
	if d.Late != "" {
		words = append(words, "late="+d.Late, "late_after="+short(d.LateAfter))
	}
	return strings.Join(words, " ")
}

func settingWords(all []Setting) []string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = s.Key + "=" + s.Value
	}
	return words
}

// place is a target as a line names it: "name" or "name/key/key".
func place(target string, keys []string) string {
	return strings.Join(append([]string{target}, keys...), "/")
}

// short is a duration without the parts that are zero.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
