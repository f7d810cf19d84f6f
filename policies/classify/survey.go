package classify

// survey is what one walk through an error's tree has met. It spares the steps
// of [Classify] the search for what is not there, which takes most of the time
// for most errors. It is a filter and decides nothing: a step that runs searches
// the tree itself, as errors.Is and errors.AsType do.
type survey struct {
	kinds
	// rpc is the first gRPC status other than OK; its code is 0 without one.
	rpc rpcStatus
}

// kinds is a set of what steps look for in an error's tree.
type kinds uint32

const (
	statuses      kinds = 1 << iota // StatusCode or HTTPStatusCode methods
	answers                         // *StatusError
	badConns                        // driver.ErrBadConn
	noRows                          // sql.ErrNoRows
	safes                           // SafeToRetry methods
	sqlStates                       // SQLState methods
	cancellations                   // context.Canceled
	deadlines                       // context.DeadlineExceeded
	urls                            // *url.Error
	addresses                       // what package net calls a bad address
	handshakes                      // errors of TLS and certificates
	noTLS                           // http.ErrSchemeMismatch
	netOps                          // *net.OpError
	lookups                         // *net.DNSError
	errnoKind                       // syscall.Errno
	fileErrors                      // the sentinels of io/fs
	brokenStreams                   // the sentinels of io and net
	timeouts                        // Timeout methods
	temporaries                     // Temporary methods
	finishedUses                    // sql.ErrTxDone, sql.ErrConnDone
	speakers                        // Retryable methods
	delays                          // RetryAfter methods
	judges                          // BreakerOutcome methods
	wallers                         // WallUntil methods
	ignores                         // the mark of Ignore
	noEffects                       // the mark of NoEffect
	permanents                      // *backoff.PermanentError
	joined                          // Unwrap() []error methods
	rpcs                            // gRPC statuses other than OK

	anyKind = rpcs<<1 - 1
	// sentinels are the kinds that an Is method may answer to.
	sentinels = badConns | noRows | cancellations | deadlines | noTLS | fileErrors | brokenStreams | finishedUses
)

// holds reports whether something of the kinds may be there.
func (k kinds) holds(some kinds) bool { return k&some != 0 }

// look makes the survey of err.
func look(err error) survey {
	var s survey
	walk(err, func(e error) bool {
		s.add(e)
		return false
	})
	return s
}

// add takes in one error of the tree. It calls no method of the error but
// gRPC's.
func (s *survey) add(err error) {
	s.kinds |= sentinel(err)
	known := typed(err)
	s.kinds |= known
	if known != 0 {
		return
	}
	s.kinds |= spoken(err)
	if s.rpc.code != 0 {
		return
	}
	if rpc, ok := grpcStatusOf(err); ok {
		s.kinds |= rpcs
		s.rpc = rpc
	}
}
