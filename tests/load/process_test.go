//go:build unix

package load_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

// The environment of the test's binary when it is to be the service.
const (
	serveEnv   = "HOLDFAST_LOAD_ADDRESS"
	recordsEnv = "HOLDFAST_LOAD_RECORDS"
)

// haste is what the service's delays are divided by: an overloaded one asks for
// 10 ms in place of half a second.
const haste = 50

// serve is the other process: the service, which takes on the phases that it
// reads from its input, says "well" to each, and ends with it.
func serve(address string) error {
	records, err := os.OpenFile(os.Getenv(recordsEnv), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s, err := flaky.Start(flaky.Config{Address: address, Seed: 1, Haste: haste, Executed: func(operation, attempt int, f flaky.Fate) {
		if err := (record{uint32(operation), uint32(attempt), uint32(f.Status)}).append(records); err != nil {
			panic(err) // an account with holes proves nothing
		}
	}})
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/v1/complete"))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := s.Enter(context.Background(), flaky.Phase(lines.Text())); err != nil {
			return err
		}
		fmt.Println("well")
	}
	return s.Close()
}

// process is the service as its callers' process sees it.
type process struct {
	records string
	address string // where it is to listen; chosen at the first start
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// start starts the service, or starts it again.
func (p *process) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if p.address == "" {
		p.address = "127.0.0.1:0"
	}
	p.cmd = exec.Command(self)
	p.cmd.Env = append(os.Environ(), serveEnv+"="+p.address, recordsEnv+"="+p.records)
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	if !p.out.Scan() {
		return fmt.Errorf("the service did not start: %w", p.cmd.Wait())
	}
	p.address = p.out.Text()
	return nil
}

// enter has the service take on a phase.
func (p *process) enter(phase flaky.Phase) error {
	if _, err := fmt.Fprintln(p.in, phase); err != nil {
		return err
	}
	if !p.out.Scan() {
		return fmt.Errorf("the service ended when it was to be %s", phase)
	}
	return nil
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// kill ends the service in the middle of whatever it does.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = p.cmd.Wait() // it says that it was killed
	return nil
}

// close lets the service end.
func (p *process) close() error {
	if err := p.in.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}
