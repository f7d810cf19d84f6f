package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Escape codes in a file or a pipe are rubbish, and NO_COLOR is a wish.
func TestPaletteIsForTerminalsOnly(t *testing.T) {
	device, err := os.Open(os.DevNull) // a character device, as a terminal is
	require.NoError(t, err)
	defer func() { require.NoError(t, device.Close()) }()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	for _, tc := range []struct {
		name string
		file *os.File
		env  map[string]string
		want bool
	}{
		{"terminal", device, nil, true},
		{"empty NO_COLOR", device, map[string]string{"NO_COLOR": ""}, true},
		{"NO_COLOR", device, map[string]string{"NO_COLOR": "1"}, false},
		{"dumb terminal", device, map[string]string{"TERM": "dumb"}, false},
		{"file", file, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, paletteFor(tc.file, func(k string) string { return tc.env[k] }).on)
		})
	}
}

func TestPaintLeavesTextAloneWhenOff(t *testing.T) {
	assert.Equal(t, "text", palette{}.paint(red, "text"))
	assert.Equal(t, "text", palette{on: true}.paint(noColour, "text"))
	assert.Equal(t, "\x1b[31mtext\x1b[0m", palette{on: true}.paint(red, "text"))
}
