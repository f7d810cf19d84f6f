package load

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/holdfast-go/holdfast/policies"
)

// How a watcher waits, by default.
const (
	// restTime is how far apart two looks must be that find the same in the
	// files, before that is taken.
	restTime = 100 * time.Millisecond
	// patience is for how long looks must find the same before that is found
	// wrong: a file that is half written, or away for a moment, is not.
	patience = time.Second
	// slowPoll is how often files are read although nothing was heard.
	slowPoll = 10 * time.Second
	// fastPoll is how often where nothing can be heard.
	fastPoll = time.Second
)

// ErrNothingToWatch says that none of the sources can change.
var ErrNothingToWatch = errors.New("nothing to watch: variables, flags and code can't change while the program runs; " +
	"pass a load.File or a load.Provider")

// Watcher loads its sources again whenever one of their files changes. It is
// for [Supervisor.Watch], and for programs that do with a set what that
// doesn't.
//
// A file may be written in place, replaced by a rename as editors do, or
// swapped by a symbolic link as Kubernetes does with a ConfigMap; it may be
// away for a moment. What counts is what stands in it: files are taken when two
// looks, 100 ms apart, find the same in them, and found wrong when looks have
// found the same for a second. The operating system tells of changes in the directories that hold
// the files; every 10 seconds they are read as well, for where it doesn't
// (network file systems), and every second where it can't be asked.
//
// A file that is written in place is half there for a moment, and half a YAML
// file can be right by itself. If the writer pauses for 100 ms or more, that half
// may be applied, and the whole soon after. Write a new file beside it and
// rename that: then nobody ever sees a half.
//
// A [Provider] is asked again every 10 seconds, and along with the files; its
// own Watch is not used. One that doesn't answer holds up the watching. Other
// sources are read along with these.
//
// [Supervisor.Watch]: https://pkg.go.dev/github.com/holdfast-go/holdfast/supervisor#Supervisor.Watch
type Watcher struct {
	// Sources are those to load.
	Sources []Source
	// Changed is called with the set, or with what is wrong: once at the
	// start and then each time that what stands in the files has changed. The
	// calls come one at a time, on the goroutine of Run.
	Changed func(*policies.Set, error)
	// Degraded is called, once, when the operating system can't tell of
	// changes, so that they are only found by polling. It may be nil.
	Degraded func(error)

	times  *watchTimes                       // nil for the default
	notify func() (*fsnotify.Watcher, error) // nil for the system's
}

type watchTimes struct{ rest, patience, slowPoll, fastPoll time.Duration }

// Run watches until ctx is done, and returns why it is. A file system or a
// provider that doesn't answer holds it up. If none of the sources can change it
// returns [ErrNothingToWatch] at once.
func (w *Watcher) Run(ctx context.Context) error {
	if !slices.ContainsFunc(w.Sources, Source.CanChange) {
		return ErrNothingToWatch
	}
	times := watchTimes{restTime, patience, slowPoll, fastPoll}
	if w.times != nil {
		times = *w.times
	}
	files := listen(w.Sources, w.notify)
	defer files.close()
	run := watch{Watcher: w, files: files, settler: settler{watchTimes: times}}
	run.timer = time.NewTimer(0)
	defer run.timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case event := <-files.events():
			if files.concerns(event) {
				run.lookWithin(times.rest)
			}
		case <-files.errors(): // events were lost
			run.lookWithin(times.rest)
		case <-run.timer.C:
			run.look()
		}
	}
}

// watch is a Run of a Watcher.
type watch struct {
	*Watcher
	files    *listener
	settler  settler
	timer    *time.Timer
	due      time.Time
	degraded bool
}

// lookWithin has the files looked at after d, if not sooner. It doesn't put the
// look off, or a busy directory would for ever.
func (w *watch) lookWithin(d time.Duration) {
	if due := time.Now().Add(d); due.Before(w.due) {
		w.due = due
		w.timer.Reset(d)
	}
}

// look reads the files, and tells what has come of it.
func (w *watch) look() {
	// Listening comes first: what changes after it is heard, and what changed
	// before is read.
	heard := w.files.cover()
	if w.files.deaf != nil && !w.degraded && w.Degraded != nil {
		w.degraded = true
		w.Degraded(w.files.deaf)
	}
	contents := readAll(w.Sources)
	news, again := w.settler.look(time.Now(), contents, func() (*policies.Set, error) {
		return build(w.Sources, contents)
	})
	if news != nil {
		w.Changed(news.set, news.err)
	}
	if again == 0 {
		again = w.settler.slowPoll
		if !heard {
			again = w.settler.fastPoll
		}
	}
	w.due = time.Now().Add(again)
	w.timer.Reset(again)
}
