package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse reads a program. Empty lines and what follows a "#" don't count.
func Parse(text string) (*Program, error) {
	p := &Program{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := p.Add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return p, nil
}

// Add reads one line.
func (p *Program) Add(line string) (err error) {
	r := &reader{words: strings.Fields(line)}
	defer func() {
		if recovered := recover(); recovered != nil {
			syntax, ok := recovered.(syntaxError)
			if !ok {
				panic(recovered)
			}
			err = fmt.Errorf("%s in %q", string(syntax), strings.TrimSpace(line))
		}
	}()
	switch word := r.next(); word {
	case "target":
		p.Targets = append(p.Targets, Target{Name: r.next(), Settings: r.settings()})
	case "worker":
		p.target(r.next()).Factory = r.deeds()
	case "probe":
		p.target(r.next()).Probe = r.deeds()
	case string(Do), string(Go), string(Ask), string(Send):
		p.Steps = append(p.Steps, Step{Verb: Call, Call: r.operation(Way(word))})
	default:
		p.Steps = append(p.Steps, r.step(Verb(word)))
	}
	if r.more() {
		panic(syntaxError("too much: " + r.peek()))
	}
	return nil
}

func (p *Program) target(name string) *Target {
	for i := range p.Targets {
		if p.Targets[i].Name == name {
			return &p.Targets[i]
		}
	}
	panic(syntaxError("there is no target " + name))
}

type syntaxError string

// reader reads the words of a line.
type reader struct{ words []string }

func (r *reader) more() bool { return len(r.words) > 0 }

func (r *reader) peek() string {
	if !r.more() {
		return ""
	}
	return r.words[0]
}

func (r *reader) next() string {
	if !r.more() {
		panic(syntaxError("something is missing"))
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

func (r *reader) want(word string) {
	if got := r.next(); got != word {
		panic(syntaxError(fmt.Sprintf("%q in place of %q", got, word)))
	}
}

func (r *reader) settings() []Setting {
	var all []Setting
	for r.more() {
		key, value, ok := strings.Cut(r.next(), "=")
		if !ok {
			panic(syntaxError("a setting is key=value, not " + key))
		}
		all = append(all, Setting{key, value})
	}
	return all
}

func (r *reader) step(v Verb) Step {
	s := Step{Verb: v}
	switch v {
	case Wait, Shutdown:
		s.For = duration(r.next())
	case ForceOpen:
		s.Target, s.Keys = r.place()
		if r.more() {
			s.For = duration(r.next())
		}
	case Reset:
		if r.more() {
			s.Target, s.Keys = r.place()
		}
	case ForceClose, Disable, KillWorker, KillTarget, KillBreaker, StartAgain:
		s.Target, s.Keys = r.place()
	case Reload:
		s.Target = r.next()
		s.Settings = r.settings()
	case Listen:
		s.Manner = r.next()
		if !slices.Contains([]string{"well", "panics", "blocks", "leaves"}, s.Manner) {
			panic(syntaxError("a listener can't be " + s.Manner))
		}
	case ReloadBad, Look:
	default:
		panic(syntaxError("nobody knows the command " + string(v)))
	}
	return s
}

func (r *reader) place() (string, []string) {
	parts := strings.Split(r.next(), "/")
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts[0], parts[1:]
}

func (r *reader) operation(w Way) *Operation {
	o := &Operation{Way: w, ID: r.next()}
	o.Target, o.Keys = r.place()
	for r.more() && r.peek() != ":" {
		o.option(r.next())
	}
	o.Deeds = r.deeds()
	return o
}

func (o *Operation) option(word string) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "deadline":
		o.Deadline = duration(value)
	case "cancel":
		o.Cancel = duration(value)
	case "priority":
		o.Priority = number(value)
	case "idempotent":
		o.Idempotent = true
	case "not_idempotent":
		o.NotIdempotent = true
	case "key":
		o.Key = true
	case "when_open":
		o.WhenOpen = value
	case "fallback":
		o.Fallback = value
	default:
		panic(syntaxError("an operation has no option " + word))
	}
}

func (r *reader) deeds() []Deed {
	r.want(":")
	all := []Deed{r.deed()}
	for r.peek() == "," {
		r.next()
		all = append(all, r.deed())
	}
	return all
}

// deed reads one deed. Its last word may carry the comma that ends it.
func (r *reader) deed() (d Deed) {
	for r.more() && r.peek() != "," && r.peek() != "}" && r.peek() != ";" {
		word := r.next()
		if cut, ok := strings.CutSuffix(word, ","); ok {
			word = cut
			r.words = append([]string{","}, r.words...)
		}
		key, value, _ := strings.Cut(word, "=")
		switch {
		case word == "{":
			d.Within = r.within()
		case word == "deaf":
			d.Deaf = true
		case key == "after":
			d.After = duration(value)
		case key == "cost":
			d.Cost = float(value)
		case key == "late":
			d.Late = value
		case key == "late_after":
			d.LateAfter = duration(value)
		case word[0] >= '0' && word[0] <= '9':
			d.Takes = duration(word)
		case known(word):
			d.Result = word
		default:
			panic(syntaxError("an attempt can't do " + word))
		}
	}
	if d.Result == "" {
		panic(syntaxError("an attempt without a result"))
	}
	return d
}

func (r *reader) within() (all []*Operation) {
	for {
		all = append(all, r.operation(Way(r.next())))
		if r.peek() != ";" {
			r.want("}")
			return all
		}
		r.next()
	}
}

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(syntaxError(err.Error()))
	}
	return d
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(syntaxError(err.Error()))
	}
	return n
}

func float(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(syntaxError(err.Error()))
	}
	return f
}
