package supervisor

import "container/heap"

// uses orders running keyed targets by their last use. It is put right lazily:
// a target's place is that of a use which may have been followed by others, and
// only the foremost is looked at.
type uses []*Target

var _ heap.Interface = (*uses)(nil)

func (u uses) Len() int           { return len(u) }
func (u uses) Less(i, j int) bool { return u[i].keyed.seen < u[j].keyed.seen }
func (u uses) Swap(i, j int) {
	u[i], u[j] = u[j], u[i]
	u[i].keyed.place, u[j].keyed.place = int32(i), int32(j)
}

func (u *uses) Push(x any) {
	t := x.(*Target)
	t.keyed.place = int32(len(*u))
	*u = append(*u, t)
}

func (u *uses) Pop() any {
	old := *u
	n := len(old) - 1
	t := old[n]
	old[n] = nil
	*u = old[:n]
	t.keyed.place = -1
	return t
}

// enter puts a target in as used just now.
func (u *uses) enter(t *Target) {
	t.keyed.seen = t.keyed.space.clock.Add(1)
	t.keyed.stamp.Store(t.keyed.seen)
	heap.Push(u, t)
}

// leave takes a target out, if it is in.
func (u *uses) leave(t *Target) {
	if t.keyed.place >= 0 {
		heap.Remove(u, int(t.keyed.place))
	}
}

// least is the target used least recently, nil if there is none.
func (u uses) least() *Target {
	for len(u) > 0 {
		k := u[0].keyed
		stamp := k.stamp.Load()
		if stamp <= k.seen {
			return u[0]
		}
		k.seen = stamp
		heap.Fix(&u, 0)
	}
	return nil
}
