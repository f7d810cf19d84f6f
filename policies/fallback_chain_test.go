package policies

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func fallingBack(to map[string]string) map[string]Policy {
	all := map[string]Policy{}
	for name, next := range to {
		p := Default(API)
		p.Fallback.Target = next
		all[name] = p
	}
	return all
}

// chain is t0 -> t1 -> ... -> tn.
func chain(n int) map[string]string {
	to := map[string]string{fmt.Sprintf("t%d", n): ""}
	for i := range n {
		to[fmt.Sprintf("t%d", i)] = fmt.Sprintf("t%d", i+1)
	}
	return to
}

// Broken, an operation would go round for ever, or nowhere, or its author would
// look for the mistake in vain.
func TestFallbacksThatLeadNowhere(t *testing.T) {
	circle := chain(1000)
	circle["t1000"] = "t0"
	long := chain(1000)
	for name, tt := range map[string]struct {
		to   map[string]string
		want []string
	}{
		"itself":               {map[string]string{"a": "a"}, []string{`targets.a.fallback.target = "a": is the target itself; give it another, or "" for none`}},
		"each other":           {map[string]string{"b": "a", "a": "b"}, []string{`targets.a.fallback.target = "b": leads back to where it began: a -> b -> a`}},
		"into a circle":        {map[string]string{"x": "c", "c": "b", "b": "c"}, []string{`targets.b.fallback.target = "c": leads back to where it began: b -> c -> b`}},
		"a thousand round":     {circle, []string{`targets.t0.fallback.target = "t1": leads back to where it began: t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> and 996 more`}},
		"a thousand on":        {long, []string{`targets.t0.fallback.target = "t1": leads through 1000 targets, at most 16 are allowed`}},
		"one too many":         {chain(17), []string{`targets.t0.fallback.target = "t1": leads through 17 targets, at most 16 are allowed`}},
		"unknown":              {map[string]string{"model_a": "model_bb", "model_b": ""}, []string{`targets.model_a.fallback.target = "model_bb": there is no such target; did you mean "model_b"?`}},
		"unknown, near itself": {map[string]string{"a": "b"}, []string{`targets.a.fallback.target = "b": there is no such target`}},
		"unknown, and another": {map[string]string{"model_a": "model_c", "model_x": "model_c", "model_bb": ""}, []string{
			`targets.model_a.fallback.target = "model_c": there is no such target; did you mean "model_x"?`,
			`targets.model_x.fallback.target = "model_c": there is no such target; did you mean "model_a"?`}},
		"no name": {map[string]string{"a": "b/c"}, []string{`targets.a.fallback.target = "b/c": a name must not contain "/"`, `targets.a.fallback.target = "b/c": there is no such target`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSet(fallingBack(tt.to))
			var all Errors
			require.ErrorAs(t, err, &all)
			var got []string
			for _, e := range all {
				got = append(got, e.Error())
			}
			assert.Equal(t, tt.want, got)
		})
	}
	set, err := NewSet(fallingBack(chain(16)))
	require.NoError(t, err)
	p, _ := set.Target("t16")
	p.Fallback.Target = "t0"
	_, err = set.With("t16", p)
	require.ErrorContains(t, err, "leads back to where it began")
}

// The check is held to a walk from every target: what is found to be right
// leads every operation to an end, in at most 16 steps.
func TestWhatIsFoundRightLeadsToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "targets")
		to := map[string]string{}
		for i := range n {
			next := ""
			if k := rapid.IntRange(-n, n).Draw(t, "to"); k >= 0 {
				next = fmt.Sprintf("t%d", k) // tn doesn't exist
			}
			to[fmt.Sprintf("t%d", i)] = next
		}
		ends := true
		for name := range to {
			steps := 0
			for next := to[name]; next != ""; next = to[next] {
				if _, there := to[next]; !there || steps == MaxFallbacks {
					ends = false
					break
				}
				steps++
			}
		}
		_, err := NewSet(fallingBack(to))
		require.Equal(t, ends, err == nil, "%v: %v", to, err)
	})
}
