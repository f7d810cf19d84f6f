//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// interruptible makes the command a process group of its own, which is interrupted
// as a whole: go test and go run don't pass on what they get.
func interruptible(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
}

// endGroup ends for good what a command that was interrupted has left running.
func endGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
