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
