package llm

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/supervisor"
)

// RefusalHeader is on every answer that does not come from the API, and on the
// last answer of an operation that was given up: "open", "rejected",
// "exhausted", "failed" for a request that got no answer and was not worth
// another, "retried" for one that the SDK repeats.
const RefusalHeader = "X-Holdfast-Refusal"

// RefusalOf gives the supervisor's error for an error of one of the SDKs: an
// *supervisor.OpenError, *supervisor.ExhaustedError and so on, or the error of
// a request that got no answer. It is nil for any other error, and for an
// error of the API that was not worth another attempt.
//
//	_, err := client.Chat.Completions.New(ctx, params)
//	if errors.Is(llm.RefusalOf(err), supervisor.ErrOpen) {
//
// It looks for a field Response of type *http.Response, which both SDKs' errors
// have.
func RefusalOf(err error) error {
	for err != nil {
		if resp := responseOf(err); resp != nil {
			return Refusal(resp)
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // each level in turn
			for _, e := range many.Unwrap() {
				if found := RefusalOf(e); found != nil {
					return found
				}
			}
			return nil
		}
		err = errors.Unwrap(err)
	}
	return nil
}

// Refusal is [RefusalOf] for an answer, as option.WithResponseInto gives it.
func Refusal(resp *http.Response) error {
	if resp == nil || resp.Request == nil {
		return nil
	}
	err, _ := resp.Request.Context().Value(refusalKey{}).(error)
	return err
}

// refusalKey finds the error in the context of the answer's request: the SDKs
// replace an answer's body, and leave that.
type refusalKey struct{}

func responseOf(err error) *http.Response {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	field := v.FieldByName("Response")
	if !field.IsValid() || !field.CanInterface() {
		return nil
	}
	resp, _ := field.Interface().(*http.Response)
	return resp
}

// refusal is an answer that says err, in a shape that both SDKs read.
func refusal(req *http.Request, err error) *http.Response {
	kind := refusalKind(err)
	body, _ := json.Marshal(map[string]any{
		"type": "error",
		"error": map[string]any{
			"type": "holdfast_" + kind, "code": "holdfast_" + kind, "message": err.Error(), "param": nil,
		},
	})
	resp := &http.Response{
		Status: "503 Service Unavailable", StatusCode: http.StatusServiceUnavailable,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(string(body))),
		ContentLength: int64(len(body)),
		Request:       req,
	}
	if after, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok && after.RetryAfter() > 0 {
		wait := after.RetryAfter()
		resp.Header.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
		resp.Header.Set("Retry-After-Ms", strconv.FormatInt(int64((wait+time.Millisecond-1)/time.Millisecond), 10))
	}
	return refused(resp, kind, err)
}

// refused marks an answer with the error it stands for.
func refused(resp *http.Response, kind string, err error) *http.Response {
	doNotRepeat(resp)
	resp.Header.Set(RefusalHeader, kind)
	if resp.Request != nil {
		ctx := context.WithValue(context.WithoutCancel(resp.Request.Context()), refusalKey{}, err)
		resp.Request = resp.Request.WithContext(ctx)
	}
	return resp
}

// lastAnswer is the API's own answer to the last attempt of an operation that
// ended with err.
func (e *ProviderError) lastAnswer(err error) *http.Response {
	doNotRepeat(e.answer)
	if _, ok := errors.AsType[*supervisor.ExhaustedError](err); ok {
		return refused(e.answer, refusalKind(err), err)
	}
	return e.answer
}

// doNotRepeat tells the SDK's own retry loop that this is the end.
func doNotRepeat(resp *http.Response) {
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	resp.Header.Set("X-Should-Retry", "false")
}

func refusalKind(err error) string {
	if isType[*RetriedError](err) {
		return "retried"
	}
	if isType[*supervisor.ExhaustedError](err) {
		return "exhausted"
	}
	if isType[*supervisor.RejectedError](err) {
		return "rejected"
	}
	if errors.Is(err, supervisor.ErrOpen) {
		return "open"
	}
	return "failed"
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
