package load

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// listener hears of changes in the directories that hold some files, and in
// those that hold a link on the way to them. A directory, not a file: a file
// that is replaced is another one, and a ConfigMap's changes by way of a link
// beside it, as a release's may by way of one above it.
type listener struct {
	files   []string
	watcher *fsnotify.Watcher
	// deaf is why changes can't be heard of, nil if they can.
	deaf error
	// names are the files and the links on the way to them, and dirs the
	// directories that are listened in.
	names, dirs map[string]bool
	// seen is how each file looked last, nil if it was away.
	seen []os.FileInfo
}

// listen makes a listener, which hears nothing before it covers the files.
func listen(sources []Source, notify func() (*fsnotify.Watcher, error)) *listener {
	l := &listener{}
	for _, s := range sources {
		if s.path == "" {
			continue
		}
		path := s.path
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		l.files = append(l.files, path)
	}
	if len(l.files) > 0 {
		if notify == nil {
			notify = fsnotify.NewWatcher
		}
		l.watcher, l.deaf = notify()
	}
	return l
}

func (l *listener) close() {
	if l.watcher != nil {
		_ = l.watcher.Close() // it has nothing to lose
	}
}

func (l *listener) events() <-chan fsnotify.Event {
	if l.watcher == nil {
		return nil
	}
	return l.watcher.Events
}

func (l *listener) errors() <-chan error {
	if l.watcher == nil {
		return nil
	}
	return l.watcher.Errors
}

// cover listens where the files are now, and no longer where they were. It
// reports whether all of them are heard.
func (l *listener) cover() bool {
	dirs := map[string]bool{}
	l.names = map[string]bool{}
	l.seen = nil
	heard := true
	for _, file := range l.files {
		heard = l.follow(file, dirs) && heard
		info, _ := os.Stat(file) // one that is away is nil
		l.seen = append(l.seen, info)
	}
	l.dirs = dirs
	if l.watcher == nil {
		return len(l.files) == 0
	}
	there := l.watcher.WatchList()
	for _, dir := range there {
		if !dirs[dir] {
			_ = l.watcher.Remove(dir) // it may have gone by itself
		}
	}
	for dir := range dirs {
		if slices.Contains(there, dir) {
			continue
		}
		if err := l.watcher.Add(dir); err != nil {
			heard = false
			if !errors.Is(err, fs.ErrNotExist) && l.deaf == nil {
				l.deaf = err
			}
		}
	}
	return heard
}

// maxLinks bounds how many links are followed, as the kernel does.
const maxLinks = 40

// follow goes the way to a file, and collects the directories in which something
// on it can change: those that hold a link, and the one that holds the file. It
// reports whether the way leads to the end. If it doesn't, the directory it
// stops in is among them.
func (l *listener) follow(file string, dirs map[string]bool) bool {
	separator := string(filepath.Separator)
	at := filepath.VolumeName(file) + separator
	ahead := steps(file)
	for links := 0; len(ahead) > 0; {
		next := filepath.Join(at, ahead[0])
		ahead = ahead[1:]
		if len(ahead) == 0 {
			dirs[at], l.names[next] = true, true
		}
		info, err := os.Lstat(next)
		if err != nil {
			dirs[at], l.names[next] = true, true
			return len(ahead) == 0 // a file may come and go
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		dirs[at], l.names[next] = true, true
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return false
		}
		if filepath.IsAbs(target) {
			at = filepath.VolumeName(target) + separator
		}
		ahead = append(steps(target), ahead...)
	}
	return true
}

// steps are the names on a path. ".." is one: what is above a link's target is
// not what is above the link.
func steps(path string) []string {
	path = filepath.ToSlash(path[len(filepath.VolumeName(path)):])
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// concerns reports whether an event in one of the directories may be about the
// files: there may be busy ones beside them.
func (l *listener) concerns(event fsnotify.Event) bool {
	if l.names[event.Name] || l.dirs[event.Name] { // the latter if it goes itself
		return true
	}
	for i, file := range l.files {
		info, _ := os.Stat(file)
		if !sameFile(info, l.seen[i]) {
			return true
		}
	}
	return false
}

// sameFile is true of two looks at a file that nobody has touched in between.
func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
