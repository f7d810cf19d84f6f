package classify

import (
	"reflect"
	"strconv"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

const (
	grpcCanceled = "grpc.Canceled"
	grpcDeadline = "grpc.DeadlineExceeded"

	grpcResourceExhausted = 8
	grpcUnavailable       = 14
)

// grpcCodes is gRPC's status code table. Codes that blame the request say
// nothing about the target. Aborted asks for the whole transaction to be run
// again, which only its owner can do. Unavailable may follow a request that
// was received ("it is not always safe to retry non-idempotent operations",
// google.golang.org/grpc/codes), unless it comes with a delay: then the server
// itself has refused, and says when to come back. ResourceExhausted is retryable
// only with a delay, since it also stands for used-up quotas and too large
// messages. A delay is a RetryInfo detail, or what a RetryAfter method of the
// error says, such as a grpc-retry-pushback-ms trailer.
var grpcCodes = []struct {
	name string
	meaning
}{
	0:                     {"OK", ignored},
	1:                     {"Canceled", meaning{outcome: policies.Ignored, ambiguous: true}},
	2:                     {"Unknown", unknown},
	3:                     {"InvalidArgument", ignored},
	4:                     {"DeadlineExceeded", failedAfter},
	5:                     {"NotFound", ignored},
	6:                     {"AlreadyExists", ignored},
	7:                     {"PermissionDenied", ignored},
	grpcResourceExhausted: {"ResourceExhausted", meaning{outcome: policies.Throttled}},
	9:                     {"FailedPrecondition", ignored},
	10:                    {"Aborted", ignored},
	11:                    {"OutOfRange", ignored},
	12:                    {"Unimplemented", ignored},
	13:                    {"Internal", unknown},
	grpcUnavailable:       {"Unavailable", failedAfter},
	15:                    {"DataLoss", unknown},
	16:                    {"Unauthenticated", ignored},
}

// grpcNames holds the conditions of the codes.
var grpcNames = func() (names []string) {
	for _, code := range grpcCodes {
		names = append(names, "grpc."+code.name)
	}
	return names
}()

// rpcStatus is what this package needs of a gRPC status.
type rpcStatus struct {
	code     uint64
	delay    time.Duration
	hasDelay bool
}

func (s rpcStatus) condition() string {
	if s.code < uint64(len(grpcCodes)) {
		return grpcNames[s.code]
	}
	return "grpc.Code(" + strconv.FormatUint(s.code, 10) + ")"
}

// grpcStatus is the table for errors that carry a gRPC status.
func grpcStatus(err error, in survey) (string, meaning, bool) {
	s := in.rpc
	if s.code == 0 {
		return "", meaning{}, false
	}
	m := unknown
	if s.code < uint64(len(grpcCodes)) {
		m = grpcCodes[s.code].meaning
	}
	switch s.code {
	case grpcResourceExhausted:
		m.retryable = namesDelay(err, in)
	case grpcUnavailable:
		m.ambiguous = !namesDelay(err, in)
	}
	return s.condition(), m, true
}

// grpcFind returns the first gRPC status other than OK in err's tree.
func grpcFind(err error) (s rpcStatus, ok bool) {
	walk(err, func(e error) bool {
		s, ok = grpcStatusOf(e)
		return ok
	})
	return s, ok
}

// grpcStatusOf reads the status of err itself by its method GRPCStatus, the
// one google.golang.org/grpc/status looks for. It goes by reflection, since
// the method's result is a type of a module this one does not import. An
// error whose methods have other signatures, or panic, has no status.
func grpcStatusOf(err error) (s rpcStatus, ok bool) {
	defer func() {
		if recover() != nil {
			s, ok = rpcStatus{}, false
		}
	}()
	value := reflect.ValueOf(err)
	if value.NumMethod() == 1 { // Error
		return s, false
	}
	status, found := call(value.MethodByName("GRPCStatus"))
	if !found {
		return s, false
	}
	code, found := call(status.MethodByName("Code"))
	if !found || !code.CanUint() || code.Uint() == 0 {
		return s, false
	}
	s.code = code.Uint()
	s.delay, s.hasDelay = retryInfo(status)
	return s, true
}

// retryInfo finds the google.rpc.RetryInfo among a status's details.
func retryInfo(status reflect.Value) (d time.Duration, ok bool) {
	defer func() {
		if recover() != nil {
			d, ok = 0, false
		}
	}()
	for _, detail := range details(status) {
		if detail == nil {
			continue
		}
		delay, found := call(reflect.ValueOf(detail).MethodByName("GetRetryDelay"))
		if !found {
			continue
		}
		if as, is := delay.Interface().(interface{ AsDuration() time.Duration }); is {
			return as.AsDuration(), true
		}
	}
	return 0, false
}

// details are those of a status. Its own type says so without reflection; the
// result's type may also be any.
func details(status reflect.Value) []any {
	if s, ok := status.Interface().(interface{ Details() []any }); ok {
		return s.Details()
	}
	result, found := call(status.MethodByName("Details"))
	if !found {
		return nil
	}
	list, _ := result.Interface().([]any)
	return list
}

// call calls a method without arguments that has one result, and returns
// that, unless it is nil.
func call(method reflect.Value) (reflect.Value, bool) {
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return reflect.Value{}, false
	}
	result := method.Call(nil)[0]
	switch result.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		if result.IsNil() {
			return reflect.Value{}, false
		}
	}
	if result.Kind() == reflect.Interface {
		result = result.Elem()
	}
	return result, true
}

// walk calls visit for err and the errors it wraps, as errors.Is goes through
// them, until visit returns true. It reports whether one did.
func walk(err error, visit func(error) bool) bool {
	for err != nil {
		if visit(err) {
			return true
		}
		switch e := err.(type) { //nolint:errorlint // this is the walk through the chain
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case joiner:
			for _, branch := range e.Unwrap() {
				if walk(branch, visit) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
	return false
}
