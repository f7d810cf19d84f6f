// Package supervisor is what programs embed. It runs operations on named
// targets: each target has a circuit breaker, a pool of worker actors and a
// supervisor that restarts failed workers and gives their operations to fresh
// ones after an exponential backoff.
//
//	set, err := load.Load(load.File("agent_config.json"))
//	sup, err := supervisor.New(set)
//	defer sup.Shutdown(ctx)
//
//	quote, err := supervisor.Do(ctx, sup, "weather_api", func(ctx context.Context) (Quote, error) {
//		return fetch(ctx, "Oslo")
//	})
package supervisor
