package load

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails, Load hangs for ever on what looks like a regular file: to read
// /proc/kmsg waits for the kernel to say something.
func TestFilesOfTheKernelAreNotRead(t *testing.T) {
	for _, file := range []string{"/proc/kmsg", "/proc/self/status", "/sys/kernel/uevent_seqnum"} {
		if _, err := os.Stat(file); err != nil {
			continue
		}
		_, err := Load(File(file))
		assert.ErrorContains(t, err, file+": the file name has no extension; name it .json, .yaml, .yml or .toml")

		link := filepath.Join(t.TempDir(), "a.yaml")
		require.NoError(t, os.Symlink(file, link))
		_, err = Load(File(link))
		if errors.Is(err, fs.ErrPermission) {
			continue // only root may
		}
		assert.ErrorContains(t, err, link+": is made by the kernel while it is read")
	}
}
