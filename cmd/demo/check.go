package main

import (
	"fmt"
	"io"

	"github.com/holdfast-go/holdfast/policies"
)

// writeCheck prints every target's resolved policy, a table each.
func writeCheck(w io.Writer, p palette, name string, set *policies.Set) error {
	if _, err := fmt.Fprintf(w, "%s is valid. %d targets, the four operation types among them:\n",
		name, set.Len()); err != nil {
		return err
	}
	for _, target := range set.Names() {
		policy, err := set.Target(target)
		if err != nil {
			return err
		}
		heading := p.paint(bold, fit(fmt.Sprintf("%s (%s)", target, policy.Type), width))
		if _, err := fmt.Fprintf(w, "\n%s\n", heading); err != nil {
			return err
		}
		for _, f := range policies.Describe(policy) {
			origin, c := "default", dim
			if !f.Default {
				origin, c = "configured", noColour
			}
			row := fit(fmt.Sprintf("  %-40s%-26s%s", f.Path, f.Value, origin), width)
			if _, err := fmt.Fprintln(w, p.paint(c, row)); err != nil {
				return err
			}
		}
	}
	return nil
}
