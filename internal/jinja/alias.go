package jinja

import "unsafe"

// aliases make lists and dictionaries behave as objects that several names can
// hold: a method that changes one leaves a forward from the old value to the new
// one, and whoever meets the old value follows it. The variables themselves, which
// all hosts share, are never changed; the forwards end with the evaluation.
type aliases struct {
	lists map[*any][]any // by the address of their array
	maps  map[*Map]*Map
	// grown are the arrays that appended made: nothing else holds them, so there is
	// room behind the list that they hold now.
	grown map[*any]bool
}

// any reports whether anything was changed.
func (a *aliases) any() bool { return a.lists != nil || a.maps != nil }

// array identifies a list: lists that share an array are one and the same. Empty
// lists without an array, which have no identity, give nil.
func array(l []any) *any {
	if cap(l) == 0 {
		return nil
	}
	return unsafe.SliceData(l)
}

// current follows the forwards from v.
func (a *aliases) current(v any) any {
	switch x := v.(type) {
	case []any:
		return a.list(x)
	case *Map:
		if m, ok := a.maps[x]; ok {
			return m
		}
	}
	return v
}

func (a *aliases) list(l []any) []any {
	first := array(l)
	if first == nil || a.lists == nil {
		return l
	}
	next, ok := a.lists[first]
	if !ok {
		return l
	}
	for hops := 0; array(next) != first; hops++ {
		further, ok := a.lists[array(next)]
		if !ok || array(further) == array(next) {
			if ok {
				next = further
			}
			if hops > 0 {
				a.lists[first] = next // a shorter way for the next time
			}
			break
		}
		next = further
	}
	return next
}

// replace forwards a list to its changed form. It reports false for a list without
// identity.
func (a *aliases) replace(old, changed []any) bool {
	first := array(old)
	if first == nil {
		return false
	}
	if a.lists == nil {
		a.lists = map[*any][]any{}
	}
	if array(changed) == nil {
		changed = make([]any, 0, 1)
	}
	a.lists[first] = changed
	if second := array(changed); second != first {
		a.lists[second] = changed
	}
	return true
}

func (a *aliases) replaceMap(old, changed *Map) {
	if a.maps == nil {
		a.maps = map[*Map]*Map{}
	}
	a.maps[old] = changed
}
