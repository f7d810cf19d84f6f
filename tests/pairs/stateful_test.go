package pairs_test

import (
	"context"

	"github.com/holdfast-go/holdfast/actors"
)

// house makes stateful workers that run a script.
type house struct{ made, closed counter }

func (h *house) open(context.Context) (actors.Worker, error) {
	h.made.add(1)
	return &room{h}, nil
}

func (h *house) count() [2]int { return [2]int{h.made.get(), h.closed.get()} }

type room struct{ h *house }

func (r *room) Handle(ctx context.Context, payload any) (any, error) {
	return payload.(*script).run(ctx)
}

func (r *room) Close() error {
	r.h.closed.add(1)
	return nil
}
