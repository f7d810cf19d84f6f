//go:build unix

package ledger

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// cluster is a PostgreSQL server of the tests' own, on a unix socket in its
// directory. Its files are written but not synced: a killed server loses
// nothing by that, only a killed machine would.
type cluster struct {
	bin, dir string
	as       *syscall.Credential // nil: whoever runs the tests
}

const clusterSettings = `
listen_addresses = ''
unix_socket_directories = '%s'
max_connections = 200
fsync = off
deadlock_timeout = 10ms
log_min_messages = fatal
`

var (
	errNoServer = errors.New("PostgreSQL is not installed: no initdb in PATH or /usr/lib/postgresql (apt-get install postgresql)")
	errNoUser   = errors.New("PostgreSQL does not run as root, and there is no user postgres to run it as")
)

// startCluster makes a server and starts it.
func startCluster() (*cluster, error) {
	c := &cluster{}
	if err := c.findServer(); err != nil {
		return nil, err
	}
	if err := c.findUser(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		return nil, err
	}
	c.dir = dir
	if c.as != nil {
		if err := os.Chown(dir, int(c.as.Uid), int(c.as.Gid)); err != nil {
			return nil, err
		}
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "ledger", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(file, clusterSettings, dir)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return c, c.start()
}

func (c *cluster) findServer() error {
	places, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.Reverse(places) // the newest first
	if path, err := exec.LookPath("initdb"); err == nil {
		places = append([]string{path}, places...)
	}
	for _, path := range places {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "pg_ctl")); err == nil {
			c.bin = filepath.Dir(path)
			return nil
		}
	}
	return errNoServer
}

func (c *cluster) findUser() error {
	if os.Geteuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return errNoUser
	}
	uid, err1 := strconv.ParseUint(who.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(who.Gid, 10, 32)
	c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(err1, err2)
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) start() error {
	return c.run("pg_ctl", "-D", c.data(), "-l", filepath.Join(c.dir, "log"), "-w", "-t", "60", "start")
}

// kill stops the server as a crash would: no goodbye to anybody, and a
// recovery at the next start.
func (c *cluster) kill() error {
	return c.run("pg_ctl", "-D", c.data(), "-m", "immediate", "-w", "stop")
}

// remove ends the server, if it runs, and deletes it.
func (c *cluster) remove() {
	_ = c.kill()
	_ = os.RemoveAll(c.dir)
}

func (c *cluster) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	// A file and not a pipe: the server that pg_ctl starts keeps it open.
	out, err := os.CreateTemp(c.dir, program)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s %s: %w\n%s", program, args[len(args)-1], err, said)
	}
	return nil
}

// shared is the server of all tests, which run one after another.
var (
	shared    *cluster
	sharedErr error
)

func TestMain(m *testing.M) {
	shared, sharedErr = startCluster()
	code := m.Run()
	if shared != nil {
		shared.remove()
	}
	os.Exit(code)
}

// server gives the server, or skips the test if there is none to be had.
func server(t *testing.T) *cluster {
	t.Helper()
	if errors.Is(sharedErr, errNoServer) || errors.Is(sharedErr, errNoUser) {
		t.Skip(sharedErr)
	}
	if sharedErr != nil {
		t.Fatal(sharedErr)
	}
	return shared
}
