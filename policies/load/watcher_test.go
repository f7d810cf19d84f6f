package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/holdfast-go/holdfast/policies"
)

// These tests use real files, and so real time: they wait for what must come,
// however long that takes. Nothing is polled but where that is the subject.

// found is what a watcher tells.
type found struct {
	attempts int
	err      error
}

// watched runs a watcher of files until the test ends, and returns what it
// tells. The first, of the start, is taken off.
func watched(t *testing.T, w Watcher, paths ...string) <-chan found {
	t.Helper()
	tell := make(chan found, 100)
	for _, path := range paths {
		w.Sources = append(w.Sources, File(path))
	}
	w.Changed = func(set *policies.Set, err error) {
		f := found{err: err}
		if set != nil {
			f.attempts = set.Defaults(policies.API).Retry.MaxAttempts
		}
		tell <- f
	}
	if w.times == nil {
		// A file that is being written may be empty for as long as the
		// machine likes.
		w.times = &watchTimes{rest: 10 * time.Millisecond, patience: time.Hour, slowPoll: time.Hour, fastPoll: 10 * time.Millisecond}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
		assert.Empty(t, tell, "told more than has happened")
	})
	require.NoError(t, next(t, tell).err)
	return tell
}

func next(t *testing.T, tell <-chan found) found {
	t.Helper()
	select {
	case f := <-tell:
		return f
	case <-time.After(time.Minute):
		t.Fatal("the change was not seen")
		return found{}
	}
}

func attempts(n int) []byte { return fmt.Appendf(nil, `{"retry_policy": {"max_attempts": %d}}`, n) }

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

// replace writes beside the file and renames, as most editors do.
func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	put(t, path+"~new", data)
	require.NoError(t, os.Rename(path+"~new", path))
}

// configMap lays out a directory as the kubelet does: the file is a link
// through ..data, which is a link to a directory of its own.
func configMap(t *testing.T, dir string, data []byte) (path string) {
	t.Helper()
	swap(t, dir, data)
	path = filepath.Join(dir, "agent_config.json")
	require.NoError(t, os.Symlink(filepath.Join("..data", "agent_config.json"), path))
	return path
}

// swap puts another version in place, in the kubelet's order.
func swap(t *testing.T, dir string, data []byte) {
	t.Helper()
	version, err := os.MkdirTemp(dir, "..2026_")
	require.NoError(t, err)
	put(t, filepath.Join(version, "agent_config.json"), data)
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	require.NoError(t, os.Symlink(filepath.Base(version), filepath.Join(dir, "..data_tmp")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	if old != "" {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, old)))
	}
}

// If this fails, a change of a ConfigMap is missed, or seen twice.
func TestWatcherSeesEachConfigMapSwapOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	t.Run("swaps", func(t *testing.T) {
		dir := t.TempDir()
		path := configMap(t, dir, attempts(1))
		tell := watched(t, Watcher{}, path)
		for n := 2; n <= 6; n++ {
			swap(t, dir, attempts(n))
			assert.Equal(t, found{attempts: n}, next(t, tell))
		}
	})
}

// If this fails, an editor's save is missed, or seen twice.
func TestWatcherSeesEachSaveOnce(t *testing.T) {
	for name, save := range map[string]func(t *testing.T, path string, data []byte){
		"in place": put,
		"renamed":  replace,
		"by way of a backup": func(t *testing.T, path string, data []byte) {
			require.NoError(t, os.Rename(path, path+"~"))
			put(t, path, data)
		},
		"removed first": func(t *testing.T, path string, data []byte) {
			require.NoError(t, os.Remove(path))
			put(t, path, data)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "agent_config.json")
			put(t, path, attempts(1))
			tell := watched(t, Watcher{}, path)
			for n := 2; n <= 6; n++ {
				save(t, path, attempts(n))
				assert.Equal(t, found{attempts: n}, next(t, tell))
			}
		})
	}
}

// If this fails, a link's target can change unseen.
func TestWatcherFollowsLinks(t *testing.T) {
	behind := t.TempDir()
	target := filepath.Join(behind, "real.json")
	put(t, target, attempts(1))
	path := filepath.Join(t.TempDir(), "agent_config.json")
	require.NoError(t, os.Symlink(target, path))
	tell := watched(t, Watcher{}, path)
	put(t, target, attempts(2))
	assert.Equal(t, 2, next(t, tell).attempts)

	other := filepath.Join(t.TempDir(), "other.json")
	put(t, other, attempts(3))
	require.NoError(t, os.Symlink(other, path+"~"))
	require.NoError(t, os.Rename(path+"~", path))
	assert.Equal(t, 3, next(t, tell).attempts)
	replace(t, other, attempts(4))
	assert.Equal(t, 4, next(t, tell).attempts, "it listens where the link leads now")
}

// If this fails, a release that goes live by a link above the file is seen only
// by the poll.
func TestWatcherFollowsLinksOfDirectories(t *testing.T) {
	app := t.TempDir()
	release := func(n int) string {
		dir := filepath.Join(app, "releases", fmt.Sprint(n), "etc")
		require.NoError(t, os.MkdirAll(dir, 0o700))
		put(t, filepath.Join(dir, "agent_config.json"), attempts(n))
		return filepath.Join("releases", fmt.Sprint(n))
	}
	live := func(to string) {
		require.NoError(t, os.Symlink(to, filepath.Join(app, "next")))
		require.NoError(t, os.Rename(filepath.Join(app, "next"), filepath.Join(app, "current")))
	}
	live(release(1))
	require.NoError(t, os.Symlink(app, app+"~link"))
	t.Cleanup(func() { _ = os.Remove(app + "~link") })
	tell := watched(t, Watcher{}, filepath.Join(app+"~link", "current", "etc", "agent_config.json"))
	for n := 2; n <= 6; n++ {
		live(release(n))
		assert.Equal(t, found{attempts: n}, next(t, tell))
	}
	replace(t, filepath.Join(app, "releases", "6", "etc", "agent_config.json"), attempts(7))
	assert.Equal(t, found{attempts: 7}, next(t, tell), "it listens where the links lead now")
}

// If this fails, links that lead in a circle hang the watching.
func TestWatcherGivesUpOnLinksInACircle(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	require.NoError(t, os.Symlink("b.json", path))
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "b.json")))
	l := &listener{names: map[string]bool{}}
	dirs := map[string]bool{}
	assert.False(t, l.follow(path, dirs))
	real, err := filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	assert.Contains(t, dirs, real)
}

// If this fails, a file that is away for a moment, or a directory in its place,
// is taken for a change, or ends the watching.
func TestWatcherWaitsForAFileThatIsAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent_config.json")
	put(t, path, attempts(1))
	tell := watched(t, Watcher{}, path) // as patient as an hour
	require.NoError(t, os.Rename(path, path+"~"))
	require.NoError(t, os.Mkdir(path, 0o700))
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Rename(path+"~", path))
	replace(t, path, attempts(2))
	assert.Equal(t, found{attempts: 2}, next(t, tell), "nothing was told before")
}

// If this fails, a directory in the place of the file is no error, or its end
// is not noticed.
func TestWatcherSeesADirectoryInTheFilesPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent_config.json")
	put(t, path, attempts(1))
	short := watchTimes{rest: 1, patience: 20 * time.Millisecond, slowPoll: time.Hour, fastPoll: 10 * time.Millisecond}
	tell := watched(t, Watcher{times: &short}, path)
	require.NoError(t, os.Rename(path, path+"~"))
	require.NoError(t, os.Mkdir(path, 0o700))
	for {
		err := next(t, tell).err
		if errors.Is(err, os.ErrNotExist) {
			continue // the machine took its time between the two
		}
		assert.ErrorContains(t, err, "is a directory; name a file in it")
		break
	}
	require.NoError(t, os.Remove(path))
	replace(t, path, attempts(2))
	for {
		f := next(t, tell)
		if errors.Is(f.err, os.ErrNotExist) {
			continue
		}
		assert.Equal(t, found{attempts: 2}, f)
		break
	}
}

// If this fails, a file that goes away, or is wrong, ends the watching.
func TestWatcherGoesOnAfterErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "agent_config.json")
	put(t, path, attempts(1))
	short := watchTimes{rest: 1, patience: 20 * time.Millisecond, slowPoll: time.Hour, fastPoll: 10 * time.Millisecond}
	tell := watched(t, Watcher{times: &short}, path)

	require.NoError(t, os.Remove(path))
	assert.ErrorIs(t, next(t, tell).err, os.ErrNotExist)
	replace(t, path, attempts(2))
	assert.Equal(t, 2, next(t, tell).attempts)
	replace(t, path, []byte(`{"retry_policy": {"max_attempts": 0}}`))
	assert.ErrorIs(t, next(t, tell).err, policies.ErrInvalid)
	replace(t, path, nil)
	assert.ErrorContains(t, next(t, tell).err, "is empty")
	replace(t, path, attempts(3))
	assert.Equal(t, 3, next(t, tell).attempts)

	require.NoError(t, os.RemoveAll(dir))
	assert.ErrorIs(t, next(t, tell).err, os.ErrNotExist)
	require.NoError(t, os.Mkdir(dir, 0o700))
	replace(t, path, attempts(4))
	assert.Equal(t, 4, next(t, tell).attempts, "also in a directory that is another one")
	replace(t, path, attempts(5))
	assert.Equal(t, 5, next(t, tell).attempts)
}

// If this fails, a directory that goes after its file is never looked for again,
// but by the slow poll.
func TestWatcherHearsOfADirectoryThatGoes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "agent_config.json")
	put(t, path, attempts(1))
	short := watchTimes{rest: 1, patience: 1, slowPoll: time.Hour, fastPoll: 10 * time.Millisecond}
	tell := watched(t, Watcher{times: &short}, path)
	require.NoError(t, os.Remove(path))
	assert.ErrorIs(t, next(t, tell).err, os.ErrNotExist)
	require.NoError(t, os.Remove(dir)) // told already: nothing new
	require.NoError(t, os.Mkdir(dir, 0o700))
	replace(t, path, attempts(2))
	assert.Equal(t, 2, next(t, tell).attempts)
}

// If this fails, one of several files is not watched, or a relative one.
func TestWatcherWatchesEveryFile(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("conf", 0o700))
	put(t, "a.json", attempts(1))
	put(t, "conf/b.json", []byte("{}"))
	tell := watched(t, Watcher{Sources: []Source{Target("x", policies.API)}}, "a.json", "conf/b.json")
	replace(t, "conf/b.json", attempts(2))
	assert.Equal(t, 2, next(t, tell).attempts)
	replace(t, "conf/b.json", []byte("{}"))
	assert.Equal(t, 1, next(t, tell).attempts)
	replace(t, "a.json", attempts(3))
	assert.Equal(t, 3, next(t, tell).attempts)
}

// If this fails, a program on a machine that is out of inotify instances, or on
// a network file system, never hears of a change.
func TestWatcherPollsWhereNothingIsHeard(t *testing.T) {
	errDeaf := errors.New("too many open files")
	path := filepath.Join(t.TempDir(), "agent_config.json")
	put(t, path, attempts(1))
	degraded := make(chan error, 10)
	tell := watched(t, Watcher{
		notify:   func() (*fsnotify.Watcher, error) { return nil, errDeaf },
		Degraded: func(err error) { degraded <- err },
	}, path)
	for n := 2; n <= 4; n++ {
		replace(t, path, attempts(n))
		assert.Equal(t, n, next(t, tell).attempts)
	}
	assert.Equal(t, errDeaf, <-degraded)
	assert.Empty(t, degraded, "told once")
}

// If this fails, what the system forgets to tell is never found.
func TestWatcherPollsAsANet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent_config.json")
	put(t, path, attempts(1))
	tell := watched(t, Watcher{
		notify: func() (*fsnotify.Watcher, error) {
			w, err := fsnotify.NewWatcher()
			w.Events = make(chan fsnotify.Event)
			return w, err
		},
		times: &watchTimes{rest: 1, patience: time.Hour, slowPoll: 10 * time.Millisecond, fastPoll: time.Hour},
	}, path)
	put(t, path, attempts(2))
	assert.Equal(t, 2, next(t, tell).attempts)
}
