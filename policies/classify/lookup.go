package classify

import (
	"slices"
	"strconv"
	"strings"
)

// Lookup returns the condition of a name, and whether there is one. A name is
// one of:
//
//   - a [Verdict]'s Condition, such as "net.timeout", except "permanent".
//     "caller.canceled" and "caller.deadline" are names, but no list of a
//     policy matches them: they come from a step that overrules the lists. And
//     nothing makes "http.429.quota" retryable;
//   - an HTTP status or class: "http.503", "http.5xx";
//   - a gRPC code, as "grpc.DeadlineExceeded" or "grpc.DEADLINE_EXCEEDED";
//   - an SQLSTATE: "sql.55P03";
//   - a Go error type or variable: "*net.OpError", "net/url.Error",
//     "io.ErrUnexpectedEOF", "syscall.EIO";
//   - a Python exception, as retry settings written for Python have them:
//     "requests.Timeout", "ConnectionError", "builtins.OSError";
//   - a name given to [Register], [RegisterError] or [RegisterType].
//
// Names are case-sensitive. They are only ever looked up, never evaluated.
func Lookup(name string) (Matcher, bool) {
	if match, ok := registered[name]; ok {
		return func(err error, _ Verdict) bool { return match(err) }, true
	}
	if _, ok := meanings[name]; ok {
		return inConditions(name), true
	}
	if match, ok := goNames[strings.TrimPrefix(name, "*")]; ok {
		return func(err error, _ Verdict) bool { return match(err) }, true
	}
	if match, ok := pythonMatcher(name); ok {
		return match, true
	}
	family, rest, _ := strings.Cut(name, ".")
	switch family {
	case "http":
		return httpMatcher(rest)
	case "grpc":
		return grpcMatcher(rest)
	case "sql":
		if isSQLState(rest) {
			return func(err error, _ Verdict) bool { s, ok := sqlState(err); return ok && s == rest }, true
		}
	}
	return nil, false
}

// inConditions matches the verdicts with one of the named conditions.
func inConditions(names ...string) Matcher {
	return func(_ error, v Verdict) bool { return slices.Contains(names, v.Condition) }
}

// httpMatcher matches a status by its three digits, or a class of them as
// "5xx". It asks the error, not the verdict, since other tables may have had
// the say.
func httpMatcher(status string) (Matcher, bool) {
	if len(status) != 3 || status[0] < '1' || status[0] > '5' {
		return nil, false
	}
	if status[1:] == "xx" {
		class := int(status[0] - '0')
		return func(err error, _ Verdict) bool { code, _ := statusOf(err); return code/100 == class }, true
	}
	want, err := strconv.Atoi(status)
	if err != nil {
		return nil, false
	}
	return func(err error, _ Verdict) bool { code, _ := statusOf(err); return code == want }, true
}

func grpcMatcher(code string) (Matcher, bool) {
	if code == "CANCELLED" { // gRPC's documents spell this one in British English, its Go code does not
		code = "Canceled"
	}
	for want := 1; want < len(grpcCodes); want++ {
		name := grpcCodes[want].name
		if code == name || code == upperSnake(name) {
			return func(err error, _ Verdict) bool {
				s, ok := grpcFind(err)
				return ok && s.code == uint64(want)
			}, true
		}
	}
	return nil, false
}

// upperSnake turns DeadlineExceeded into DEADLINE_EXCEEDED, as gRPC's own
// documents and service configurations write its codes.
func upperSnake(name string) string {
	var b strings.Builder
	for i, c := range name {
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(c)
	}
	return strings.ToUpper(b.String())
}
