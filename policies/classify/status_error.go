package classify

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody is how much of an answer's body a StatusError keeps, in bytes.
const maxBody = 64 << 10

// maxExcerpt is how much of the body its message shows, in bytes.
const maxExcerpt = 256

// StatusError is an HTTP answer with a status of 400 or more, as an error.
// Make one with [FromResponse].
type StatusError struct {
	// Method is the request's method; empty if the request is not known.
	Method string
	// URL is the request's, without user, query and fragment, which may
	// hold secrets.
	URL string
	// StatusCode is the answer's.
	StatusCode int
	// Header is a copy of the answer's.
	Header http.Header
	// Body is the beginning of the answer's body, at most 64 KiB.
	Body []byte
}

// FromResponse returns nil for a nil response or one with a status below 400,
// and a [*StatusError] for any other.
//
// For an error it reads up to 64 KiB of the body, and keeps what it got if
// reading fails. It never closes the body: that stays with the caller.
//
//	resp, err := client.Do(req)
//	if err != nil {
//		return err
//	}
//	defer resp.Body.Close()
//	if err := classify.FromResponse(resp); err != nil {
//		return err
//	}
func FromResponse(resp *http.Response) error {
	if resp == nil || resp.StatusCode < 400 {
		return nil
	}
	e := &StatusError{StatusCode: resp.StatusCode, Header: resp.Header.Clone()}
	if resp.Request != nil {
		e.Method = resp.Request.Method
		if e.Method == "" {
			e.Method = http.MethodGet
		}
		e.URL = publicURL(resp.Request.URL)
	}
	if resp.Body != nil {
		e.Body, _ = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	}
	return e
}

// HTTPStatusCode returns the answer's status.
func (e *StatusError) HTTPStatusCode() int { return e.StatusCode }

// Error returns the request, the status and the beginning of the body on one
// line.
func (e *StatusError) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Method, e.URL} {
		if part != "" {
			b.WriteString(part + " ")
		}
	}
	b.WriteString("answered " + strconv.Itoa(e.StatusCode))
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}
	if body := excerpt(e.Body); body != "" {
		b.WriteString(": " + body)
	}
	return b.String()
}

func excerpt(body []byte) string {
	cut := len(body) > maxExcerpt
	if cut {
		body = body[:maxExcerpt]
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " ")
	if cut {
		text += "..."
	}
	return text
}

func publicURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	public := *u
	public.User, public.RawQuery, public.ForceQuery = nil, "", false
	public.Fragment, public.RawFragment = "", ""
	return public.String()
}
