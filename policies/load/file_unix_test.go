//go:build unix

package load

import (
	"os"
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

// A ConfigMap's files are symbolic links.
func TestSymbolicLinkLoads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "link.json")
	require.NoError(t, os.Symlink(write(t, "a.json", `{"pool": {"workers": 7}}`), path))
	set, err := Load(File(path))
	require.NoError(t, err)
	assert.Equal(t, 7, set.Defaults("api").Pool.Workers)
}
