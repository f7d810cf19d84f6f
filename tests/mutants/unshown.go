package main

// unshown are mutants that survive, though nobody has shown that they change
// nothing: either a test is missing, or the guard is not needed. They are counted
// apart in the report. The list is to get shorter; a mutant that is not in it and
// survives is a failure.
var unshown = []string{}
