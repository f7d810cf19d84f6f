package grpcx

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// errOver is the error of an attempt that came when its operation had ended.
var errOver = classify.Ignore(errors.New("grpcx: the call was over"))

// call is one operation of a client. Its attempts may overlap, and one that was
// left behind may come back when the caller has gone.
type call struct {
	ctx     context.Context // the caller's
	target  *supervisor.Target
	method  string
	cc      *grpc.ClientConn
	each    []grpc.CallOption // for each attempt
	outputs outputs
	options []supervisor.CallOption

	mu     sync.Mutex
	begun  int // attempts
	ended  bool
	lent   sync.WaitGroup // attempts that write to what is the caller's
	opened []*stream      // that may yet be the caller's

	failed *exchange // that the operation ended with, of which gRPC has told all
}

func (s *settings) call(ctx context.Context, target *supervisor.Target, method string, cc *grpc.ClientConn, options []grpc.CallOption) *call {
	c := &call{ctx: ctx, target: target, method: method, cc: cc}
	var own []supervisor.CallOption
	c.each, c.outputs, own = sort(options)
	c.options = s.repetition(target, method, own)
	if cc != nil && cc.GetMethodConfig(method).RetryPolicy != nil {
		// gRPC doesn't repeat what it can't keep.
		c.each = append(c.each[:len(c.each):len(c.each)], grpc.MaxRetryRPCBufferSize(0))
	}
	return c
}

// apart says whether an attempt may run beside another, or on when its operation
// has ended: its context is then one of its own.
func (c *call) apart(ctx context.Context) bool { return ctx.Done() != c.ctx.Done() }

// enter begins an attempt, and is refused when the operation has ended. earlier is
// how many were begun before. An attempt that is not apart has the use of what is
// the caller's until it calls leave.
func (c *call) enter(ctx context.Context) (earlier int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return 0, false
	}
	if !c.apart(ctx) {
		c.lent.Add(1)
	}
	c.begun++
	return c.begun - 1, true
}

// leave ends an attempt that has entered.
func (c *call) leave(ctx context.Context) {
	if !c.apart(ctx) {
		c.lent.Done()
	}
}

// end says that there is no further attempt. What the caller lent it has back when
// end returns, and of the streams that were opened it has won, if not nil; the
// others are ended.
func (c *call) end(won *stream) {
	c.mu.Lock()
	c.ended = true
	opened := c.opened
	c.opened = nil
	c.mu.Unlock()
	c.lent.Wait()
	for _, s := range opened {
		if s != won {
			s.life.end()
		}
	}
}

// hold keeps a stream until it is known whether it is the caller's. It reports
// false when the operation is over.
func (c *call) hold(s *stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.opened = append(c.opened, s)
	}
	return !c.ended
}

// outcome is the caller's error of an operation that ended with err, and tells the
// caller's options of it. x is the exchange of its success.
func (c *call) outcome(x *exchange, err error) error {
	if err == nil {
		x.counts(&c.outputs)
		return nil
	}
	f, ok := errors.AsType[*failure](err)
	err = statusError(err, c.ctx.Err())
	if ok && f.exchange.over() {
		c.failed = f.exchange
		c.outputs.tell(f.exchange, err)
	} else {
		c.outputs.finish(err)
	}
	return err
}
