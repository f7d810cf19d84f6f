//go:build 386 || arm || mips || mipsle

package actors

// The actor engine indexes its process registry with a signed 32-bit hash on
// these platforms and panics on the first negative one.
var _ = holdfast_needs_a_64_bit_platform_because_the_actor_engine_panics_on_32_bits
