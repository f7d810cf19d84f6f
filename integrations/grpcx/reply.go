package grpcx

import (
	"reflect"

	"google.golang.org/protobuf/proto"
)

// maker gives what makes empty messages like m, for attempts that must not write
// to the caller's, nor look at it. They get m itself if it isn't known how to make
// one.
func maker(m any) func() any {
	if p, ok := m.(proto.Message); ok {
		kind := p.ProtoReflect().Type()
		return func() any { return kind.New().Interface() }
	}
	if kind := reflect.TypeOf(m); kind != nil && kind.Kind() == reflect.Pointer {
		return func() any { return reflect.New(kind.Elem()).Interface() }
	}
	return func() any { return m }
}

// hand gives the caller's message what another has got.
func hand(to, from any) {
	if p, ok := to.(proto.Message); ok {
		if to != from {
			proto.Reset(p)
			proto.Merge(p, from.(proto.Message))
		}
		return
	}
	if v := reflect.ValueOf(to); v.Kind() == reflect.Pointer && to != from {
		v.Elem().Set(reflect.ValueOf(from).Elem())
	}
}
