package supervisor

import "context"

// Priority orders the operations that wait for a worker of one target, or for
// their turn under its rate limit: those of a higher one go first, those of
// the same one in the order they came. It doesn't interrupt what runs, and
// waits for backoff or for an open breaker do not depend on it.
type Priority int8

// The priorities. Others count as the nearest of these.
const (
	PriorityBackground Priority = -2
	PriorityLow        Priority = -1
	PriorityNormal     Priority = 0
	PriorityHigh       Priority = 1
	PriorityCritical   Priority = 2
)

type priorityKey struct{}

// WithPriority gives the operations that are started with the context it
// returns a priority, those within their attempts included. Without one an
// operation is of [PriorityNormal].
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// priorityOf is the priority of an operation's caller.
func priorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return min(max(p, PriorityBackground), PriorityCritical)
}

// queue is a line for each priority. The supervisor owns it.
type queue struct {
	lines [PriorityCritical - PriorityBackground + 1]line
	n     int
}

func (q *queue) of(op *operation) *line { return &q.lines[PriorityCritical-op.course.priority] }

func (q *queue) push(op *operation) {
	q.of(op).pushBack(op)
	q.n++
}

func (q *queue) remove(op *operation) {
	q.of(op).remove(op)
	q.n--
}

// ahead is how many would go before op if it came now.
func (q *queue) ahead(op *operation) (n int) {
	for i := range q.lines[:PriorityCritical-op.course.priority+1] {
		n += q.lines[i].n
	}
	return n
}

// first is the operation that is to go first, nil if none waits.
func (q *queue) first() *operation { return firstOf(q.lines[:]) }

// after is the one that follows op.
func (q *queue) after(op *operation) *operation {
	if next := op.course.next; next != nil {
		return next
	}
	return firstOf(q.lines[PriorityCritical-op.course.priority+1:])
}

func firstOf(lines []line) *operation {
	for i := range lines {
		if lines[i].first != nil {
			return lines[i].first
		}
	}
	return nil
}
