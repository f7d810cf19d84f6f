package supervisor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math/bits"
	"strconv"
	"strings"
	"unicode"
)

// Key is one part of what tells apart the keyed targets of one name: a model,
// a tenant, a region. Keys are compared byte by byte, and their order counts.
//
// They appear in the target's name, and so in events, errors, logs and
// snapshots. Don't use secrets as keys: hash an API key, or name its owner.
type Key string

// Bounds of the keys of one target.
const (
	mostKeys   = 8
	longestKey = 256 // bytes
)

// ErrInvalidKeys is what errors.Is finds in the error of a target that was
// asked for with keys it can't have.
var ErrInvalidKeys = errors.New("the keys can't name a target")

func checkKeys(keys []Key) error {
	if len(keys) > mostKeys {
		return fmt.Errorf("%w: there are %d, at most %d are allowed", ErrInvalidKeys, len(keys), mostKeys)
	}
	for i, key := range keys {
		if len(key) > longestKey {
			return fmt.Errorf("%w: number %d has %d bytes, at most %d are allowed", ErrInvalidKeys, i+1, len(key), longestKey)
		}
	}
	return nil
}

// identity is the keys in one string, each behind its length, so that no two
// combinations have the same.
func identity(keys []Key) string {
	n := 0
	for _, key := range keys {
		n += 2 + len(key)
	}
	b := make([]byte, 0, n)
	for _, key := range keys {
		b = binary.AppendUvarint(b, uint64(len(key)))
		b = append(b, key...)
	}
	return string(b)
}

// cutKey takes the first key off an identity.
func cutKey(id string) (key, rest string) {
	n, at := uint64(id[0]), 1
	if n >= 0x80 { // the second byte of its length
		n, at = n&0x7f|uint64(id[1])<<7, 2
	}
	return id[at : at+int(n)], id[at+int(n):]
}

// keysOf undoes identity.
func keysOf(id string) []Key {
	var keys []Key
	for id != "" {
		var key string
		key, id = cutKey(id)
		keys = append(keys, Key(key))
	}
	return keys
}

// identifies says whether id is the identity of keys.
func identifies(id string, keys []Key) bool {
	for _, want := range keys {
		if id == "" {
			return false
		}
		var key string
		if key, id = cutKey(id); key != string(want) {
			return false
		}
	}
	return id == ""
}

func hashOf(seed maphash.Seed, keys []Key) uint64 {
	var h uint64
	for _, key := range keys {
		// Multiplied, so that their order counts.
		h = bits.RotateLeft64(h, 31)*0x9e3779b97f4a7c15 ^ maphash.String(seed, string(key))
	}
	return h
}

// keyedName is how people see a keyed target: provider[gpt-x,tenant-7]. A key
// that could be misread is quoted as in Go.
func keyedName(template, id string) string {
	var b strings.Builder
	b.WriteString(template)
	b.WriteByte('[')
	for first := true; id != ""; first = false {
		var key string
		key, id = cutKey(id)
		if !first {
			b.WriteByte(',')
		}
		if plain(key) {
			b.WriteString(key)
		} else {
			b.WriteString(strconv.Quote(key))
		}
	}
	b.WriteByte(']')
	return b.String()
}

// plain says whether a key reads as what it is without quotes.
func plain(key string) bool {
	for _, r := range key {
		if r == unicode.ReplacementChar || !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.:/@+~=", r)) {
			return false
		}
	}
	return key != ""
}
