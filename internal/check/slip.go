package check

import "fleet/internal/source"

// slipped is a variable that looks like a slip of the pen.
type slipped struct {
	name string
	err  *source.Error
}

// tellSlips notes the slips: what is written twice is meant.
func (r *run) tellSlips() {
	times := map[string]map[source.Pos]bool{}
	for _, s := range r.slips {
		times[s.name] = map[source.Pos]bool{}
	}
	for _, t := range r.texts {
		if t == nil {
			continue
		}
		for _, ref := range t.refs {
			if at := times[ref.Name]; at != nil {
				at[place(ref.Pos)] = true
			}
		}
	}
	for _, s := range r.slips {
		if len(times[s.name]) == 1 {
			r.doubt(s.err, false)
		}
	}
}

// shortest is the length of the shortest name that a slip is seen in: shorter ones
// are close to each other by nature.
const shortest = 4

// slip reports whether a name is another with one letter too many, too few, wrong,
// or changed with its neighbour. Names that are numbered are not slips of each other.
func slip(name, other string) bool {
	if len(name) > len(other) {
		name, other = other, name
	}
	if len(name) < shortest || len(other)-len(name) > 1 {
		return false
	}
	i := 0
	for i < len(name) && name[i] == other[i] {
		i++
	}
	switch {
	case i == len(other):
		return false // they are the same
	case len(name) < len(other):
		return name[i:] == other[i+1:] && !isDigit(other[i])
	case name[i+1:] == other[i+1:]:
		return !isDigit(name[i]) || !isDigit(other[i])
	}
	return name[i] == other[i+1] && name[i+1] == other[i] && name[i+2:] == other[i+2:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
