//go:build unix

package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// hurried are the policies with waits that tests have time for, and with
// attempts enough for whatever a slow machine does.
const hurried = `
targets:
  ledger:
    retry_policy: {max_attempts: 1000, min_wait: 1ms, max_wait: 200ms}
    circuit_breaker: {recovery_timeout: 50ms, max_recovery_timeout: 200ms}`

// opening is what every account begins with.
const opening = 1_000_000

// rig is a ledger with accounts a to d, its supervisor, and a look at both.
type rig struct {
	t    *testing.T
	sup  *supervisor.Supervisor
	pool *pgxpool.Pool
	db   *sql.DB
	wire *wire
	meet *meeting

	mu     sync.Mutex
	failed map[string]int // attempts that failed, by condition
	states []string       // of the breaker
	parked int
	opened chan struct{} // closed when the breaker opens first
}

// newRig lays on a ledger. policies come over those of hurried.
func newRig(t *testing.T, policies string) *rig {
	t.Helper()
	c := server(t)
	sources := []load.Source{load.File("policies.yaml"), load.Bytes("hurried.yaml", load.YAML, []byte(hurried))}
	if policies != "" {
		sources = append(sources, load.Bytes("test.yaml", load.YAML, []byte(policies)))
	}
	set, err := load.Load(sources...)
	require.NoError(t, err)
	r := &rig{t: t, wire: &wire{}, meet: &meeting{}, failed: make(map[string]int), opened: make(chan struct{})}
	r.sup, err = supervisor.New(set)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.sup.Shutdown(context.Background())) })
	r.sup.Subscribe(r.saw)

	config, err := pgxpool.ParseConfig("host=" + c.dir + " user=ledger dbname=postgres sslmode=disable")
	require.NoError(t, err)
	config.MaxConns = 20
	config.ConnConfig.DialFunc = r.wire.dial
	config.ConnConfig.Tracer = r.meet
	r.pool, err = pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(r.pool.Close)
	r.db = stdlib.OpenDB(*config.ConnConfig)
	r.db.SetMaxOpenConns(20)
	r.db.SetMaxIdleConns(20)
	t.Cleanup(func() { require.NoError(t, r.db.Close()) })

	r.exec(`DROP TABLE IF EXISTS transfers, accounts`)
	r.exec(Schema)
	for _, account := range []string{"a", "b", "c", "d"} {
		r.exec(`INSERT INTO accounts VALUES ($1, $2)`, account, opening)
	}
	return r
}

func (r *rig) exec(statement string, args ...any) {
	r.t.Helper()
	_, err := r.pool.Exec(context.Background(), statement, args...)
	require.NoError(r.t, err)
}

func (r *rig) number(query string) (n int64) {
	r.t.Helper()
	require.NoError(r.t, r.pool.QueryRow(context.Background(), query).Scan(&n))
	return n
}

func (r *rig) saw(e actors.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case actors.AttemptFailed:
		r.failed[e.Condition]++
	case actors.OperationParked:
		r.parked++
	case actors.BreakerChanged:
		if len(r.states) == 0 {
			close(r.opened)
		}
		r.states = append(r.states, e.Transition.To.String())
	}
}

// conditions are what attempts failed of, once the events have come.
func (r *rig) conditions(least int, condition string) {
	r.t.Helper()
	r.eventually(func() bool { return r.failed[condition] >= least }, "attempts that failed with "+condition)
}

// balanced checks the books: every one of the transfers is in, once.
func (r *rig) balanced(transfers int) {
	r.t.Helper()
	require.EqualValues(r.t, transfers, r.number(`SELECT count(*) FROM transfers`))
	require.EqualValues(r.t, 4*opening, r.number(`SELECT sum(balance) FROM accounts`))
	require.Zero(r.t, r.number(`SELECT count(*) FROM accounts a WHERE balance <> 1000000
		- (SELECT coalesce(sum(amount), 0) FROM transfers WHERE sender = a.id)
		+ (SELECT coalesce(sum(amount), 0) FROM transfers WHERE receiver = a.id)`), "a transfer was made twice, or half")
}

// wire loses the answer to a statement that has taken effect.
type wire struct {
	lose atomic.Pointer[string] // the statement, once
}

func (w *wire) loseAnswerTo(statement string) { w.lose.Store(&statement) }

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wiredConn{Conn: conn, wire: w}, nil
}

type wiredConn struct {
	net.Conn
	wire *wire
	lost atomic.Bool
}

func (c *wiredConn) Write(b []byte) (int, error) {
	if s := c.wire.lose.Load(); s != nil && bytes.Contains(bytes.ToLower(b), []byte(*s)) && c.wire.lose.CompareAndSwap(s, nil) {
		c.lost.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *wiredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b) // once there is an answer, the statement has run
	if c.lost.Load() {
		_ = c.Conn.Close()
		return 0, io.EOF // as when a server crashes
	}
	return n, err
}

// meeting has the first attempts of several operations wait for one another
// before a statement.
type meeting struct {
	mu       sync.Mutex
	before   string
	expected int
	all      chan struct{}
}

func (m *meeting) of(n int, before string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.expected, m.all = before, n, make(chan struct{})
}

// TraceQueryStart implements [pgx.QueryTracer].
func (m *meeting) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if a, ok := supervisor.CurrentAttempt(ctx); !ok || a.Number != 1 {
		return ctx
	}
	m.mu.Lock()
	if m.before == "" || !strings.HasPrefix(data.SQL, m.before) || m.expected == 0 {
		m.mu.Unlock()
		return ctx
	}
	all := m.all
	if m.expected--; m.expected == 0 {
		close(all)
	}
	m.mu.Unlock()
	select {
	case <-all:
	case <-ctx.Done():
	}
	return ctx
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (m *meeting) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
