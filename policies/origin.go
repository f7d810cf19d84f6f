package policies

import "strconv"

// Origin says where the value of a setting comes from. The zero Origin is the
// built-in default.
type Origin struct {
	// Source is a file, "$VARIABLE", "-flag", the name given to another
	// source, or [FromCode].
	Source string
	// Line and Column stand in Source, from 1. 0 where they are not known.
	Line, Column int
	// Path is the key in Source, such as
	// operation_types.api.retry_policy.max_attempts.
	Path string
	// Follows is the key, relative to the policy, of a setting that the
	// built-in value had to give way to, such as retry_policy.min_wait for a
	// max_wait that would be less. It is the whole path of another target's
	// setting where the two share a retry budget. Empty otherwise.
	Follows string
}

// FromCode is the Source of a value that the program gave itself.
const FromCode = "code"

// String is one line: "agent_config.json:7:5", "$HOLDFAST_POOL__WORKERS",
// "code", "default".
func (o Origin) String() string {
	if o.Source == "" {
		return "default"
	}
	s := oneLine(o.Source) + position(o.Line, o.Column)
	if o.Follows != "" {
		s += " (follows " + o.Follows + ")"
	}
	return s
}

// position is ":line:column" as far as they are known.
func position(line, column int) string {
	switch {
	case line <= 0:
		return ""
	case column <= 0:
		return ":" + strconv.Itoa(line)
	}
	return ":" + strconv.Itoa(line) + ":" + strconv.Itoa(column)
}
