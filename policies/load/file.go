package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// maxFileSize bounds a configuration file, in bytes. A realistic one has ten
// thousand; the bound keeps a wrong path from filling the memory.
const maxFileSize = 1 << 20

// File is a source that reads a file: JSON where the name ends in .json, YAML
// where it ends in .yaml or .yml, TOML where it ends in .toml. The file must be
// a regular one of at most 1 MiB, stored somewhere (not under /proc or /sys),
// UTF-8 (a byte order mark is fine), with one mapping at its top level, and not
// empty. A mapping in YAML has at most 5,000 keys, and a TOML file 20,000, each
// part of a dotted one counted.
func File(path string) Source {
	if path == "" {
		return Source{name: "file", read: func(content) (document, error) {
			return document{}, fault("the path of a file is empty; pass its name", nil)
		}}
	}
	return Source{name: path, path: path, read: func(c content) (document, error) {
		format, err := formatOf(path)
		if err != nil {
			return document{}, err
		}
		return parse(format, c.data)
	}}
}

func formatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".json":
		return JSON, nil
	case ".yaml", ".yml":
		return YAML, nil
	case ".toml":
		return TOML, nil
	case "":
		return 0, fault("the file name has no extension; name it .json, .yaml, .yml or .toml", nil)
	default:
		return 0, fault(fmt.Sprintf("files ending in %q are not supported; use .json, .yaml, .yml or .toml", ext), nil)
	}
}

func readFile(path string) ([]byte, error) {
	// Looked at before it is opened, because to open a device can do something,
	// and again after that: another may have taken its place.
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(err)
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	if _, err := formatOf(path); err != nil {
		return nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	return readOpen(f)
}

func readOpen(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(err)
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	if ofKernel(f) {
		return nil, fault("is made by the kernel while it is read, which may wait for ever; name a file that is stored", nil)
	}
	return readUpTo(f, info.Size())
}

// readUpTo reads what is expected to have a size of at most maxFileSize. It may
// have more: a file can grow.
func readUpTo(r io.Reader, size int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(size) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r, maxFileSize+1)); err != nil {
		return nil, unreadable(err)
	}
	if b.Len() > maxFileSize {
		return nil, tooLarge()
	}
	return b.Bytes(), nil
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fault("is a directory; name a file in it", nil)
	case !info.Mode().IsRegular():
		return fault("is not a regular file; name one", nil)
	case info.Size() > maxFileSize:
		return tooLarge()
	}
	return nil
}

func unreadable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault("the file does not exist; check the path, or leave this source out", err)
	case errors.Is(err, fs.ErrPermission):
		return fault("no permission to read the file; check its owner and mode", err)
	}
	return fault(fmt.Sprintf("the file can't be read: %v", err), err)
}

func tooLarge() error {
	return fault(fmt.Sprintf("is larger than %d bytes; is it the right file?", maxFileSize), nil)
}

// fault reports a source that is wrong as a whole.
func fault(problem string, cause error) error {
	return &policies.FieldError{Problem: problem, Cause: cause}
}
