package jinja

import (
	"math"
	"unicode/utf8"
)

func (x *sliceExpr) slice(f *frame, obj any) (any, error) {
	var bounds [3]*int
	for i, e := range []expr{x.start, x.stop, x.step} {
		if e == nil {
			continue
		}
		v, err := e.eval(f)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		n, _, isInt, ok := num(v)
		if !ok || !isInt {
			return nil, locate(newError("a slice needs whole numbers, not %s", describe(v)), f.at(e.offset()))
		}
		bounds[i] = &n
	}
	if bounds[2] != nil && *bounds[2] == 0 {
		return nil, newError("the step of a slice must not be 0")
	}
	switch o := obj.(type) {
	case *Undefined:
		return o, nil
	case []any:
		return sliceOf(o, bounds), nil
	case Tuple:
		return Tuple(sliceOf(o, bounds)), nil
	case string:
		if ascii(o) {
			return string(sliceOf([]byte(o), bounds)), nil
		}
		return string(sliceOf([]rune(o), bounds)), nil
	}
	return nil, newError("cannot take a slice of %s", describe(obj))
}

// sliceOf is Python's list[start:stop:step].
func sliceOf[T any](l []T, b [3]*int) []T {
	step := 1
	if b[2] != nil {
		step = *b[2]
	}
	low, high := 0, len(l)
	if step < 0 {
		low, high = -1, len(l)-1
	}
	clamp := func(p *int, otherwise int) int {
		if p == nil {
			return otherwise
		}
		n := *p
		if n < 0 {
			n += len(l)
		}
		return min(max(n, low), high)
	}
	start, stop := clamp(b[0], low), clamp(b[1], high)
	if step < 0 {
		start, stop = clamp(b[0], high), clamp(b[1], low)
	}
	out := []T{}
	if step > 0 {
		for i := start; i < stop && i >= 0; {
			out = append(out, l[i])
			if step > math.MaxInt-i {
				break
			}
			i += step
		}
		return out
	}
	for i := start; i > stop; {
		out = append(out, l[i])
		if step < math.MinInt+i+1 {
			break
		}
		i += step
	}
	return out
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
