package explorer

// reached is what a long run must have met of each kind, so that nobody takes
// programs for a proof that never come to what they are to prove.
var reached = map[string][]string{}
