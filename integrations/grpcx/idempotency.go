package grpcx

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// repetition is what is known of the method's being called twice. Code that says
// so is heeded whatever the policy says, the .proto file is not.
func (s *settings) repetition(target *supervisor.Target, method string, own []supervisor.CallOption) []supervisor.CallOption {
	var known []supervisor.CallOption
	switch {
	case s.named(method):
		known = append(known, supervisor.Idempotent())
	case !declaredIdempotent(method):
		known = append(known, supervisor.NotIdempotent())
	case target.Policy().Retry.Idempotent != policies.IdempotentNo:
		known = append(known, supervisor.Idempotent())
	}
	return slices.Concat(known, s.options, own)
}

func (s *settings) named(method string) bool {
	return s.idempotent[method] || s.idempotent[method[:strings.LastIndexByte(method, '/')+1]]
}

// declaredIdempotent looks for the method's option idempotency_level
// (descriptor.proto, MethodOptions) among the files that the program has linked
// in.
func declaredIdempotent(method string) bool {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(fullName(method)))
	if err != nil {
		return false
	}
	options, ok := d.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}
