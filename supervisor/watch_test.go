package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/load"
)

// Files are real here, and so is time. The tests wait for what must come,
// however long it takes, and files are replaced by renaming: one that is
// written in place may be empty for as long as the machine likes.

// followed is a supervisor that follows a file.
type followed struct {
	*testing.T
	*Supervisor
	path string
	news chan actors.Event
}

const oneTarget = "targets: {x: {}}\n"

// follow starts one, with what the file says first.
func follow(t *testing.T, text string, options ...Option) *followed {
	t.Helper()
	f := &followed{T: t, path: filepath.Join(t.TempDir(), "agent_config.yaml"), news: make(chan actors.Event, 100)}
	f.write(text)
	set, err := load.Load(load.File(f.path))
	require.NoError(t, err)
	f.Supervisor, err = New(set, options...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Shutdown(bg)) })
	f.Subscribe(func(e actors.Event) {
		switch e.(type) {
		case actors.PoliciesApplied, actors.PoliciesRejected, actors.WatchDegraded:
			f.news <- e
		}
	})
	require.NoError(t, f.Watch(bg, load.File(f.path)))
	return f
}

func (f *followed) write(text string) {
	f.Helper()
	require.NoError(f, os.WriteFile(f.path+"~", []byte(text), 0o600))
	require.NoError(f, os.Rename(f.path+"~", f.path))
}

// next is the next event about policies.
func next[E actors.Event](f *followed) E {
	f.Helper()
	select {
	case e := <-f.news:
		require.IsType(f, *new(E), e, "%v", e)
		return e.(E)
	case <-time.After(time.Minute):
		f.Fatal("nothing was told")
		return *new(E)
	}
}

// If this fails, a policy that was changed in production is not in force, or
// nobody can tell what became of it.
func TestWatchAppliesWhatChanges(t *testing.T) {
	f := follow(t, oneTarget)
	x := f.Target("x")
	_, _ = Do(bg, f.Supervisor, "x", failWith(errPlain))
	f.Breaker("worker").ForceOpen()

	f.write("pool: {workers: 7}\n" + oneTarget + "operation_types:\n  api: {retry_policy: {max_attempts: 9}}\n")
	e := next[actors.PoliciesApplied](f)
	assert.Equal(t, []string{"worker", "x"}, e.Changed)
	assert.Contains(t, e.Changes, policies.Change{Target: "x", Path: "retry_policy.max_attempts", Old: "4", New: "9",
		Origin: policies.Origin{Source: f.path, Line: 4, Column: 24, Path: "operation_types.api.retry_policy.max_attempts"}})
	assert.Len(t, e.Changes, 5+2, "the workers of five targets, the attempts of two")
	assert.Equal(t, 9, x.Policy().Retry.MaxAttempts)
	assert.Equal(t, 7, x.Policy().Pool.Workers)
	assert.EqualValues(t, 1, f.Breaker("x").Counts().Failures, "its counts are kept")
	assert.Equal(t, breaker.ForcedOpen, f.Breaker("worker").State(), "its state is kept")

	f.write("# a comment\npool: {workers: 7}\n" + oneTarget + "operation_types:\n  api: {retry_policy: {max_attempts: 9}}\n")
	f.write("targets: {x: {}, y: {type: storage}}\n")
	e = next[actors.PoliciesApplied](f)
	assert.Len(t, e.Changes, 5+2+1, "back to the defaults, and nothing was told of the comment")
	assert.Contains(t, e.Changes, policies.Change{Target: "y", New: "storage"})
	assert.NoError(t, f.Target("y").Err())

	f.write("{}\n")
	assert.Equal(t, []policies.Change{{Target: "x", Old: "api"}, {Target: "y", Old: "storage"}}, next[actors.PoliciesApplied](f).Changes)
	assert.NoError(t, x.Err(), "a running target goes on")
}

// If this fails, a slip in a file takes a program down, or ends its watching.
func TestWatchKeepsThePoliciesOfABadFile(t *testing.T) {
	f := follow(t, oneTarget)
	before := f.Target("x").Policy()

	f.write("pool: {workers: 0, workres: 1}\n" + oneTarget)
	var bad policies.Errors
	require.ErrorAs(t, next[actors.PoliciesRejected](f).Err, &bad)
	assert.Len(t, bad, 2, "all of it")
	assert.Equal(t, before, f.Target("x").Policy())

	require.NoError(t, os.Remove(f.path))
	assert.ErrorIs(t, next[actors.PoliciesRejected](f).Err, os.ErrNotExist)
	assert.Equal(t, before, f.Target("x").Policy())

	f.write(oneTarget)
	assert.Empty(t, next[actors.PoliciesApplied](f).Changes, "it is told that all is well again")
	f.write("pool: {workers: 3}\n" + oneTarget)
	assert.Equal(t, []string{"x"}, next[actors.PoliciesApplied](f).Changed)
}

// If this fails, an operation under way is judged by a policy it didn't start
// with, or a breaker that code asked for is forgotten.
func TestWatchDisturbsNothing(t *testing.T) {
	f := follow(t, oneTarget)
	g := newGate()
	result := async(func() (int, error) {
		return Do(bg, f.Supervisor, "x", func(ctx context.Context) (int, error) {
			n, err := g.run(ctx)
			a, _ := CurrentAttempt(ctx)
			assert.Equal(t, 4, a.MaxAttempts)
			return n, err
		})
	})
	<-g.begun
	_, err := f.BreakerWith("code", policies.DefaultBreaker())
	require.NoError(t, err)

	f.write("retry_policy: {max_attempts: 2}\n" + oneTarget)
	e := next[actors.PoliciesApplied](f)
	for _, c := range e.Changes {
		assert.NotEqual(t, "code", c.Target)
	}
	assert.NoError(t, f.Target("code").Err())
	g.end <- nil
	o := <-result
	assert.NoError(t, o.err)
	assert.Equal(t, 42, o.value)
}

// If this fails, changes between loading and watching are lost.
func TestWatchLoadsOnceAtTheStart(t *testing.T) {
	f := follow(t, oneTarget)
	s := start(t, targets{"x": policy()})
	applied := make(chan actors.Event, 10)
	s.Subscribe(func(e actors.Event) {
		if e, ok := e.(actors.PoliciesApplied); ok {
			applied <- e
		}
	})
	require.NoError(t, s.Watch(bg, load.File(f.path)))
	<-applied
	assert.Equal(t, policies.Default(policies.API), s.Target("x").Policy())
}

// If this fails, watches undo each other's changes, or can't be ended.
func TestWatchIsOneAtATime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "agent_config.json")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	s := one(t)
	assert.ErrorIs(t, s.Watch(noContext, load.File(file)), ErrNilContext)
	assert.ErrorContains(t, s.Watch(bg), "no sources")

	ctx, cancel := context.WithCancel(bg)
	require.NoError(t, s.Watch(ctx, load.File(file)))
	assert.ErrorIs(t, s.Watch(bg, load.File(file)), ErrWatching)
	cancel()
	require.NoError(t, s.Watch(bg, load.File(file)), "at once: it begins when the first has ended")
	assert.ErrorIs(t, s.Watch(bg, load.File(file)), ErrWatching)

	require.NoError(t, s.Shutdown(bg))
	assert.ErrorIs(t, s.Watch(bg, load.File(file)), ErrShutdown)
	assert.False(t, s.watching.active(), "Shutdown has ended the second")
}

// If this fails, two watches run at a time, or Shutdown leaves one of them
// behind.
func TestAWatchBeginsWhenTheOneBeforeHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		free := make(chan struct{})
		first, second := &toldTo{}, &toldTo{}
		first.become(func() int { <-free; return 3 })
		asked := false
		second.become(func() int { asked = true; return 4 })
		ctx, cancel := context.WithCancel(bg)
		require.NoError(t, s.Watch(ctx, load.Provider("first", first, nil)))
		synctest.Wait()
		cancel()
		ctx, cancel = context.WithCancel(bg)
		require.NoError(t, s.Watch(ctx, load.Provider("second", second, nil)))
		synctest.Wait()
		assert.False(t, asked, "the first is stuck")
		cancel()
		require.NoError(t, s.Watch(bg, load.Provider("third", second, nil)))
		synctest.Wait()
		assert.False(t, asked, "the first is stuck")
		close(free)
		synctest.Wait()
		assert.True(t, asked)
		assert.Equal(t, 4, s.Target("api").Policy().Retry.MaxAttempts, "of the third, and the first was done before it")
		assert.NoError(t, s.Shutdown(bg))
	})
}

// said is a provider of text.
type said struct{ atomic.Pointer[string] }

func (p *said) say(text string)               { p.Store(&text) }
func (p *said) ReadBytes() ([]byte, error)    { return []byte(*p.Load()), nil }
func (p *said) Read() (map[string]any, error) { return nil, errors.New("only text") }

// If this fails, a comment, or another order, is told as a change.
func TestACommentTellsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		j := listen(s)
		p := &said{}
		p.say("pool: {workers: 7, max_pending: 9}")
		require.NoError(t, s.Watch(bg, load.Provider("kv", p, yaml.Parser())))
		pass(time.Minute)
		require.Len(t, eventsOf[actors.PoliciesApplied](j), 1)
		for _, text := range []string{"# s\npool: {workers: 7, max_pending: 9}", "pool: {max_pending: 9, workers: 7}", "pool: {max_pending: 9.0, workers: 0x7}\nx: 1"} {
			p.say(text)
			pass(time.Minute)
			assert.Len(t, eventsOf[actors.PoliciesApplied](j), 1, text)
		}
		p.say("pool: {workers: 8, max_pending: 9}")
		pass(time.Minute)
		assert.Len(t, eventsOf[actors.PoliciesApplied](j), 2, "it was looked at all the time")
		assert.Empty(t, eventsOf[actors.PoliciesRejected](j))
	})
}

// If this fails, whoever reads the log misses that a change was refused.
func TestReloadsAreLogged(t *testing.T) {
	for e, want := range map[actors.Event]slog.Level{
		actors.PoliciesRejected{Err: errPlain}: slog.LevelError,
		actors.WatchDegraded{Err: errPlain}:    slog.LevelWarn,
	} {
		level, attrs := logged(e)
		assert.Equal(t, want, level)
		assert.Equal(t, []slog.Attr{slog.Any("error", errPlain)}, attrs)
	}
	level, _ := logged(actors.PoliciesApplied{})
	assert.Equal(t, slog.LevelInfo, level)
}

// If this fails, the one event of a watch without notifications is lost.
func TestAWatchThatHearsNothingSaysSo(t *testing.T) {
	f := follow(t, oneTarget)
	(&reloader{sup: f.Supervisor}).degraded(errPlain)
	assert.Equal(t, errPlain, next[actors.WatchDegraded](f).Err)
}

// If this fails, a change of a ConfigMap or an editor's save is missed, or told
// twice.
func TestEachSwapAndEachSaveIsSeenOnce(t *testing.T) {
	f := follow(t, "{}\n")
	dir := t.TempDir()
	path := filepath.Join(dir, "agent_config.yaml")
	swap := func(n string) {
		version, err := os.MkdirTemp(dir, "..2026_")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(version, "agent_config.yaml"), []byte("retry_policy: {max_attempts: "+n+"}\n"), 0o600))
		require.NoError(t, os.Symlink(filepath.Base(version), filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	swap("1")
	require.NoError(t, os.Symlink(filepath.Join("..data", "agent_config.yaml"), path))

	s := start(t, targets{})
	told := make(chan string, 100)
	s.Subscribe(func(e actors.Event) {
		switch e := e.(type) {
		case actors.PoliciesApplied:
			told <- e.Changes[0].New
		case actors.PoliciesRejected:
			told <- e.String()
		}
	})
	require.NoError(t, s.Watch(bg, load.File(path), load.File(f.path)))
	assert.Equal(t, "1", <-told)
	for _, n := range []string{"2", "3", "5", "6", "7"} {
		swap(n)
		assert.Equal(t, n, <-told)
	}
	for _, n := range []string{"12", "13", "15", "16", "17"} {
		f.write("retry_policy: {max_attempts: " + n + "}\n")
		assert.Equal(t, n, <-told)
	}
	f.write("retry_policy: {max_attempts: 99}\n")
	assert.Equal(t, "99", <-told, "nothing else was told before")
}
