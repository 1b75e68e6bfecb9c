package jinja

import (
	crand "crypto/rand"
	"math/big"
)

// draw returns a source of numbers in [0, n): Python's for the seed where there is
// one, else one that nobody can foresee.
func (c *Context) draw(seed any) (func(n *big.Int) (*big.Int, error), error) {
	if seed != nil {
		m, err := seededLike(seed)
		if err != nil {
			return nil, err
		}
		return func(n *big.Int) (*big.Int, error) { return m.below(n), nil }, nil
	}
	return func(n *big.Int) (*big.Int, error) {
		if c.Env.Rand != nil && n.IsInt64() {
			return big.NewInt(int64(c.Env.Rand(int(n.Int64())))), nil
		}
		return crand.Int(crand.Reader, n)
	}, nil
}

func filterRandom(c *Context, v any, a []any) (any, error) {
	draw, err := c.draw(a[2])
	if err != nil {
		return nil, err
	}
	if end, ok := bigOf(v); ok {
		return randomNumber(end, a[0], a[1], draw)
	}
	for _, x := range a[:2] {
		if ok, err := Truth(x); ok || err != nil {
			return nil, newError("start and step can only be used with integer values")
		}
	}
	items, err := c.iterate(v)
	if err != nil {
		return nil, newError("random can only be used on sequences and integers, not %s", describe(v))
	}
	if len(items) == 0 {
		return &Undefined{hint: "there is no random element: the list is empty"}, nil
	}
	i, err := draw(big.NewInt(int64(len(items))))
	if err != nil {
		return nil, err
	}
	return items[i.Int64()], nil
}

// randomNumber is random.randrange(start, end, step).
func randomNumber(end *big.Int, start, step any, draw func(*big.Int) (*big.Int, error)) (any, error) {
	from, by := new(big.Int), big.NewInt(1)
	for i, v := range []any{start, step} {
		if ok, err := Truth(v); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		n, ok := bigOf(v)
		if !ok {
			return nil, newError("random() needs whole numbers, not %s", describe(v))
		}
		*[]**big.Int{&from, &by}[i] = n
	}
	width := new(big.Int).Sub(end, from)
	switch by.Sign() {
	case 1:
		width.Add(width, by).Sub(width, big.NewInt(1))
	case -1:
		width.Add(width, by).Add(width, big.NewInt(1))
	}
	n, _ := floorDiv(width, by)
	if n.Sign() <= 0 {
		return nil, newError("random() has no number to choose from")
	}
	k, err := draw(n)
	if err != nil {
		return nil, err
	}
	return smallest(k.Mul(k, by).Add(k, from))
}

func filterShuffle(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return v, nil
	}
	seed := a[0]
	if ok, err := Truth(seed); err != nil {
		return nil, err
	} else if !ok {
		seed = nil
	}
	draw, err := c.draw(seed)
	if err != nil {
		return nil, err
	}
	items = append([]any{}, items...)
	for i := len(items) - 1; i > 0; i-- {
		j, err := draw(big.NewInt(int64(i + 1)))
		if err != nil {
			return nil, err
		}
		k := int(j.Int64())
		items[i], items[k] = items[k], items[i]
	}
	return items, nil
}
