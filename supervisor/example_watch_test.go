package supervisor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Policies follow their files. What is wrong changes nothing, and is told.
func ExampleSupervisor_Watch() {
	dir, _ := os.MkdirTemp("", "holdfast")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "agent_config.yaml")
	write := func(text string) {
		_ = os.WriteFile(path+"~", []byte(text), 0o600)
		_ = os.Rename(path+"~", path)
	}
	write("retry_policy: {max_attempts: 3}")

	sources := []load.Source{load.File(path), load.Env("HOLDFAST_")}
	set, _ := load.Load(sources...)
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())

	news := make(chan string)
	sup.Subscribe(func(e actors.Event) {
		switch e := e.(type) {
		case actors.PoliciesApplied:
			news <- fmt.Sprint(e.Changes[0].Path, " ", e.Changes[0].Old, " -> ", e.Changes[0].New)
		case actors.PoliciesRejected:
			news <- "rejected"
		}
	})
	_ = sup.Watch(context.Background(), sources...)

	write("retry_policy: {max_attempts: 7}")
	fmt.Println(<-news)
	write("retry_policy: {max_attempts: many}")
	fmt.Println(<-news)
	// Output:
	// retry_policy.max_attempts 3 -> 7
	// rejected
}
