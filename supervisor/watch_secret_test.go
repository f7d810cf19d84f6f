package supervisor

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/actors"
)

// logText is a log that can be read while it is written.
type logText struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logText) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

// If it failed, a slip beside a key or a password would carry it to the log, or
// to whoever listens to events.
func TestARejectedFileShowsNoSecrets(t *testing.T) {
	log := &logText{}
	f := follow(t, oneTarget, WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	for _, text := range []string{
		"api_key: *s3cr3t\n",
		"api_key: \"s3cr3t\n",
		"pool: [s3cr3t]\nretry_policy: s3cr3t\ntargets: {x: s3cr3t, y: {pool: {workers: [s3cr3t]}}}\n",
	} {
		f.write(text)
		e := next[actors.PoliciesRejected](f)
		for _, said := range []string{e.String(), e.Err.Error(), fmt.Sprintf("%+v", e)} {
			assert.NotContains(t, said, "s3cr3t")
		}
		f.write(oneTarget)
		next[actors.PoliciesApplied](f)
	}
	assert.NoError(t, f.Shutdown(bg), "the log is written")
	assert.Contains(t, log.text(), "policies rejected")
	assert.NotContains(t, log.text(), "s3cr3t")
}
