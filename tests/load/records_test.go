//go:build unix

package load_test

import (
	"encoding/binary"
	"math/bits"
	"os"
)

// record is what the service notes of a request that it has worked on, before
// it answers.
type record struct{ operation, attempt, status uint32 }

const recordSize = 12

// append writes a record at the end of a file, in one call: what the service
// has done is then known, whenever it is killed.
func (r record) append(f *os.File) error {
	var line [recordSize]byte
	binary.LittleEndian.PutUint32(line[0:], r.operation)
	binary.LittleEndian.PutUint32(line[4:], r.attempt)
	binary.LittleEndian.PutUint32(line[8:], r.status)
	_, err := f.Write(line[:])
	return err
}

func readRecords(path string) ([]record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := make([]record, 0, len(data)/recordSize)
	for ; len(data) >= recordSize; data = data[recordSize:] {
		all = append(all, record{
			binary.LittleEndian.Uint32(data[0:]), binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:]),
		})
	}
	return all, nil
}

// compare holds the service's account of the operations from first on against
// the callers'. It gives how many requests net/http repeated by itself, which it
// does with a GET whose connection had been used before and broke.
func compare(l *ledger, executed []record, first int, kindOf func(i int) *kind) (repeated int) {
	seen := make([]uint64, len(l.entries)-first) // by operation, one bit for an attempt
	effects := make([]uint8, len(seen))
	for _, r := range executed {
		i, bit := int(r.operation), uint64(1)<<r.attempt
		k := kindOf(i)
		if seen[i-first]&bit != 0 {
			if repeated++; k.once {
				l.complain(&l.wrong, i, k, "attempt %d reached the service twice", r.attempt)
			}
		}
		seen[i-first] |= bit
		if int(r.attempt) > attemptsOf(l.entries[i].Load()) {
			l.complain(&l.wrong, i, k, "the service executed attempt %d, which nobody began", r.attempt)
		}
		if r.status == 200 {
			if effects[i-first]++; effects[i-first] > 1 && k.once {
				l.complain(&l.wrong, i, k, "it took effect twice, and must not be repeated")
			}
		}
	}
	for n, attempts := range seen {
		i := first + n
		word, k := l.entries[i].Load(), kindOf(i)
		if bits.OnesCount64(attempts) > k.most {
			l.complain(&l.over, i, k, "the service executed %d attempts of at most %d", bits.OnesCount64(attempts), k.most)
		}
		if word&succeeded != 0 && effects[n] == 0 {
			l.complain(&l.wrong, i, k, "a success of which the service knows nothing")
		}
	}
	return repeated
}
