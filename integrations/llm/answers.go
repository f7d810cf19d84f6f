package llm

import (
	"net/http"
	"sync"
)

// answers are the good answers of an operation's attempts. One of them is its
// outcome; those of attempts that were left behind, or came second, are closed.
type answers struct {
	mu     sync.Mutex
	over   bool
	others []*http.Response
}

// add is false if the operation is over.
func (a *answers) add(resp *http.Response) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return false
	}
	a.others = append(a.others, resp)
	return true
}

// close takes no more answers and closes all but the one that is the outcome.
func (a *answers) close(outcome *http.Response) {
	a.mu.Lock()
	a.over = true
	others := a.others
	a.others = nil
	a.mu.Unlock()
	for _, resp := range others {
		if resp != outcome {
			_ = resp.Body.Close()
		}
	}
}
