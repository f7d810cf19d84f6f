//go:build !unix

package main

import "os/exec"

// interruptible kills the command alone: there are no process groups here.
func interruptible(cmd *exec.Cmd) { cmd.Cancel = func() error { return cmd.Process.Kill() } }

// endGroup has nothing to do: the command was killed.
func endGroup(*exec.Cmd) {}
