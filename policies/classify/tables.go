package classify

// The tables in the order in which they are asked; the first that knows an error
// has the say. Each stands with the kinds that it may know an error by: a tree
// that holds none of them isn't searched.

// answerTables are for errors that carry an answer: a status or a code.
var answerTables = []struct {
	about kinds
	find  func(error, survey) (string, meaning, bool)
}{
	{statuses, httpStatus},
	{rpcs, grpcStatus},
	{badConns | noRows | safes | sqlStates, database},
}

// table gives an error its condition, or "".
type table struct {
	about kinds
	find  func(error) string
}

// beforeSend is for errors from before a request was sent, so that it cannot
// have taken effect: bad addresses, TLS, DNS and dialling. Whatever goes wrong
// while dialling is before sending, a timeout or a reset too.
var beforeSend = []table{
	{urls | addresses, address},
	{handshakes, certificate},
	{handshakes | noTLS, handshake},
	{netOps, alert},
	{lookups, dnsFailure},
	{netOps | errnoKind, dialFailure},
}

// afterSend is for errors that may come from after it. [finished] comes after
// all others: database/sql ends a transaction when its context ends or its
// connection breaks, and programs join the two errors.
var afterSend = []table{
	{fileErrors, files},
	{errnoKind | brokenStreams | deadlines | timeouts | temporaries | urls, broken},
	{finishedUses, finished},
}

// firstOf asks the tables one after the other.
func firstOf(tables []table, err error, in survey) string {
	for _, t := range tables {
		if in.holds(t.about) {
			if name := t.find(err); name != "" {
				return name
			}
		}
	}
	return ""
}
