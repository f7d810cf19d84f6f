// Package load reads policies from files, the environment, flags and code, and
// makes one validated, immutable [policies.Set] of them. It loads them again
// when the files change.
//
//	set, err := load.Load(
//		load.File("agent_config.json"),
//		load.Env("HOLDFAST_"),
//		load.Target("weather_api", policies.API),
//	)
//
// # Structure
//
// Every key is optional, in JSON as in YAML and TOML:
//
//	retry_policy:      {max_attempts: 5}    # for every target
//	circuit_breaker:   {recovery_timeout: 30}
//	operation_types:
//	  storage:
//	    retry_policy:  {max_wait: 2.5}      # for targets of the type storage
//	targets:
//	  payment_gateway:
//	    type: api                           # the default: targets are things one calls
//	    retry_policy:    {never_retry: [http.500]}
//	    circuit_breaker: {failure_threshold: 3, ignore: [http.4xx]}
//	    pool:            {workers: 64}
//	    restart:         {max_restarts: never}
//
// The keys of a block are the koanf tags of [policies.Policy]; docs/settings.md
// lists them all. A key that is absent, null or an empty block keeps what it
// would have without it.
//
// # Precedence
//
// Sources are merged key by key, a list as a whole; a later source wins over an
// earlier one. Then the more specific wins: the built-in default of the
// operation type, then [BinduEnv], then the agent-wide blocks at the top level,
// then operation_types, then targets, then [Policy]. [policies.Set.Explain]
// says of each value where it comes from.
//
// # Values
//
// Durations are seconds as a number, fractions allowed, or Go duration text
// such as "1.5s"; a bare number in quotes is neither. failure_threshold and
// max_restarts also take "never". Nothing is converted by guess: "false" in
// quotes is text, and text is no boolean. In variables and flags everything is
// text, and read as [Env] says.
//
// # What is not ours
//
// Other keys at the top level, as an agent's configuration has them (author,
// name, skills, telemetry, any), are left alone, unless one is so near to one
// of ours that it must be a slip. What stands under them is not judged: in all
// formats a key may be there twice, or a number be out of range. (Under an
// anchor of YAML it may not, for an alias could make it ours.) Inside our own blocks every unknown key is
// an error. Nothing in a file is ever run or imported, and no error shows what
// stands under a key that is not ours.
package load

import "github.com/holdfast-go/holdfast/policies"

// Load reads the sources, later ones over earlier ones, and returns the
// resolved policies of every target. Without sources it returns those built in.
//
// Every problem of all sources is reported together: the error is then a
// [policies.Errors] with source, line, column, field path and value, errors.Is
// finds [policies.ErrInvalid] in it, and for a file that could not be opened
// the cause as well (fs.ErrNotExist). No set is returned with an error. A line
// and a column are those of the key, or of the entry of a list that is wrong. The
// first 1,000 problems are kept, and the rest are counted.
func Load(sources ...Source) (*policies.Set, error) {
	return build(sources, readAll(sources))
}

// build makes a set of sources whose files have been read.
func build(sources []Source, contents []content) (*policies.Set, error) {
	var found report
	docs := make([]document, len(sources))
	for i, s := range sources {
		docs[i] = s.load(contents[i], &found, i)
	}
	spelt := namesOf(docs)
	for i := range docs {
		docs[i].nest(spelt, &found, i)
	}
	origins := &explained{store: newStore(len(spelt))}
	for i, doc := range docs {
		c := &checker{doc: doc, source: i, name: sources[i].name, store: origins.store, found: &found}
		origins.sources = append(origins.sources, sourcePlaces{c.name, doc.places})
		origins.code(doc)
		c.collisions(spelt)
		c.document()
	}
	r := resolver{explained: origins, found: &found, told: map[string]bool{}}
	targets := r.resolve()
	if err := found.err(); err != nil {
		return nil, err
	}
	return policies.SetOf(targets, origins.origin), nil
}
