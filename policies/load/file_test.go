package load

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func write(t *testing.T, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
	return path
}

// If this fails, a wrong path hangs the start, fills the memory, or is taken
// for a file without settings.
func TestUnusableFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf.json")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, tc := range map[string]struct{ path, want string }{
		"missing":       {filepath.Join(dir, "x.json"), "the file does not exist; check the path, or leave this source out"},
		"also by name":  {filepath.Join(dir, ".."), "is a directory; name a file in it"},
		"directory":     {dir, "is a directory; name a file in it"},
		"too large":     {write(t, "a.json", strings.Repeat(" ", maxFileSize+1)), "is larger than 1048576 bytes; is it the right file?"},
		"no extension":  {write(t, "agent", "{}"), "the file name has no extension; name it .json, .yaml, .yml or .toml"},
		"other":         {write(t, "agent.ini", "x"), `files ending in ".ini" are not supported; use .json, .yaml, .yml or .toml`},
		"not a path":    {"a\x00.json", "the file can't be read: stat a\x00.json: invalid argument"},
		"empty":         {write(t, "b.json", " \n"), "is empty; if no settings are meant, write {}"},
		"empty TOML":    {write(t, "b.toml", ""), "is empty; if no settings are meant, write a comment"},
		"no path":       {"", "the path of a file is empty; pass its name"},
		"wrong content": {write(t, "a.yml", "a: ["), "is not valid YAML: did not find expected node content"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(File(tc.path))
			var field *policies.FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, cmp.Or(tc.path, "file"), field.Source)
			assert.Equal(t, tc.want, field.Problem)
			assert.ErrorIs(t, err, policies.ErrInvalid)
			assert.Equal(t, name == "missing", errors.Is(err, fs.ErrNotExist), "a program may go on without the file")
		})
	}
}

// If this fails, a file that is far too large fills the memory before anybody
// counts.
func TestASizeThatIsTooLargeIsEnough(t *testing.T) {
	path := write(t, "a.json", "")
	require.NoError(t, os.Truncate(path, maxFileSize+1))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualError(t, regular(info), "is larger than 1048576 bytes; is it the right file?")
}

// growing is a file that somebody writes to as fast as it is read.
type growing struct{ read int }

func (g *growing) Read(b []byte) (int, error) {
	if g.read += len(b); g.read > 10*maxFileSize {
		return 0, errors.New("read for ever")
	}
	return len(b), nil
}

// If this fails, a file whose size is not what it says fills the memory, or is
// taken as far as it was read.
func TestAFileThatGrowsIsReadNoFurther(t *testing.T) {
	_, err := readUpTo(&growing{}, 3)
	assert.EqualError(t, err, "is larger than 1048576 bytes; is it the right file?")
	_, err = readUpTo(strings.NewReader(strings.Repeat(" ", maxFileSize+1)), 0)
	assert.EqualError(t, err, "is larger than 1048576 bytes; is it the right file?")
	data, err := readUpTo(strings.NewReader(strings.Repeat(" ", maxFileSize)), 0)
	assert.NoError(t, err)
	assert.Len(t, data, maxFileSize)
}

func TestLargestFileLoads(t *testing.T) {
	_, err := Load(File(write(t, "a.JSON", "{}"+strings.Repeat(" ", maxFileSize-2))))
	assert.NoError(t, err)
}

// Root may read everything, so the message is tested by itself.
func TestUnreadableFileSaysWhy(t *testing.T) {
	err := unreadable(&fs.PathError{Op: "open", Path: "a.json", Err: fs.ErrPermission})
	assert.EqualError(t, err, "no permission to read the file; check its owner and mode")
	assert.ErrorIs(t, err, fs.ErrPermission)
}

func TestFormatsHaveNames(t *testing.T) {
	assert.Equal(t, []string{"JSON", "YAML", "TOML", "Format(0)"}, []string{JSON.String(), YAML.String(), TOML.String(), Format(0).String()})
}
