package load_test

import (
	"fmt"
	"os"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// Later sources win over earlier ones, and then the more specific wins.
func ExampleLoad() {
	_ = os.Setenv("HOLDFAST_TARGETS__PAYMENT_GATEWAY__RETRY_POLICY__MAX_ATTEMPTS", "7")
	defer os.Unsetenv("HOLDFAST_TARGETS__PAYMENT_GATEWAY__RETRY_POLICY__MAX_ATTEMPTS")

	set, err := load.Load(
		load.Bytes("agent_config.yaml", load.YAML, []byte(`
retry_policy: {max_attempts: 5, max_wait: 20}
targets:
  payment-gateway: {retry_policy: {max_attempts: 2}}
`)),
		load.Env("HOLDFAST_"),
		load.Target("weather_api", policies.API),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fields, _ := set.Explain("payment-gateway")
	for _, f := range fields[2:5] {
		fmt.Println(f.Path, f.Value, "from", f.Origin)
	}
	// Output:
	// retry_policy.max_attempts 7 from $HOLDFAST_TARGETS__PAYMENT_GATEWAY__RETRY_POLICY__MAX_ATTEMPTS
	// retry_policy.min_wait 1s from default
	// retry_policy.max_wait 20s from agent_config.yaml:2:33
}

// Everything that is wrong is reported at once.
func ExampleLoad_errors() {
	_, err := load.Load(load.Bytes("agent_config.json", load.JSON, []byte(`{
  "retry_policy": {"max_atempts": 3, "enabled": "false"},
  "targets": {"payment_gateway": {"pool": {"workers": 0}}}
}`)))
	fmt.Println(err)
	// Output:
	// 3 bad settings:
	//   agent_config.json:2:20: retry_policy.max_atempts: unknown key; did you mean "max_attempts"?
	//   agent_config.json:2:38: retry_policy.enabled = "false": must be true or false, without quotes
	//   agent_config.json:3:44: targets.payment_gateway.pool.workers = 0: must be from 1 to 1000000
}
