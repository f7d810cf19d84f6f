//go:build unix

package load

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails, the test hangs: opening a FIFO waits for a writer, and a
// device never ends.
func TestFilesThatNeverEnd(t *testing.T) {
	dir := t.TempDir()
	fifo, device := filepath.Join(dir, "fifo.json"), filepath.Join(dir, "zero.yaml")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	require.NoError(t, os.Symlink("/dev/zero", device))
	for _, path := range []string{fifo, device} {
		_, err := Load(File(path))
		assert.ErrorContains(t, err, path+": is not a regular file; name one")
	}
}

// If this fails, the test hangs: a FIFO that takes a file's place after it was
// looked at keeps the watching for ever.
func TestAFIFOInTheLastMoment(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo.json")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	f, err := open(fifo)
	require.NoError(t, err)
	defer f.Close()
	_, err = readOpen(f)
	assert.EqualError(t, err, "is not a regular file; name one")

	dir, err := open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	_, err = readOpen(dir)
	assert.EqualError(t, err, "is a directory; name a file in it")
}

// If this fails, one who may not read a file can't tell why it doesn't load.
// Root may read everything, so the test runs once more as somebody else.
func TestAFileOneMayNotRead(t *testing.T) {
	const path = "HOLDFAST_TEST_UNREADABLE"
	if file := os.Getenv(path); file != "" {
		_, err := Load(File(file))
		assert.EqualError(t, err, "1 bad setting:\n  "+file+": no permission to read the file; check its owner and mode")
		assert.ErrorIs(t, err, fs.ErrPermission)
		return
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.json")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o000))
	again := exec.Command(os.Args[0], "-test.run=^TestAFileOneMayNotRead$", "-test.v")
	again.Env = append(os.Environ(), path+"="+file)
	again.Dir = "/"
	if os.Geteuid() == 0 {
		// Everybody may reach the file and the test itself, and nobody read it.
		for _, d := range []string{dir, filepath.Dir(dir)} {
			require.NoError(t, os.Chmod(d, 0o755))
		}
		binary := filepath.Join(dir, "load.test")
		data, err := os.ReadFile(os.Args[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(binary, data, 0o755))
		again.Path, again.Args[0] = binary, binary
		again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := again.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("no program may be run as somebody else here: ", err)
	}
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS: TestAFileOneMayNotRead")
}

// A ConfigMap's files are symbolic links.
func TestSymbolicLinkLoads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "link.json")
	require.NoError(t, os.Symlink(write(t, "a.json", `{"pool": {"workers": 7}}`), path))
	set, err := Load(File(path))
	require.NoError(t, err)
	assert.Equal(t, 7, set.Defaults("api").Pool.Workers)
}
