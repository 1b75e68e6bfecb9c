package jinja

// Limits on what one evaluation may use.
const (
	maxDepth  = 400       // templates within templates, macro calls, includes
	maxOutput = 64 << 20  // bytes of one rendering, and of one text
	maxItems  = 4_000_000 // elements of one list
	// maxWork is in units of about 100 ns: turns of a loop, filters, parts of long
	// texts. It ends what would go on for minutes, with or without a deadline.
	maxWork = 200_000_000
	// maxMemory is the size of all large values that an evaluation makes, whether it
	// still holds them or not.
	maxMemory = 1 << 30
	// largeValue is the size from which a value is counted.
	largeValue = 16 << 10
)

// budget is what an evaluation may still use, and what it has changed. The contexts
// of one evaluation share it.
type budget struct {
	work, memory       int
	maxWork, maxMemory int
	changed            aliases
	wrapped            map[string]bool // the vaults that a filter gave as objects
}

func fullBudget() budget {
	return budget{work: maxWork, memory: maxMemory, maxWork: maxWork, maxMemory: maxMemory}
}

// renew is called where an evaluation begins.
func (b *budget) renew() { b.work, b.memory = b.maxWork, b.maxMemory }

// step counts a unit of work and looks now and then whether to stop.
func (c *Context) step() error {
	if c.left.work--; c.left.work&0x3ff != 0 {
		return nil
	}
	return c.stopped()
}

// spend counts n units of work.
func (c *Context) spend(n int) error {
	before := c.left.work
	if c.left.work -= n; before>>10 == c.left.work>>10 {
		return nil
	}
	return c.stopped()
}

// stopped says why the evaluation must end, if it must.
func (c *Context) stopped() error {
	if c.left.work <= 0 {
		return newError("the template takes too much work: it was stopped").WithHint("look for loops within loops, or over very long lists")
	}
	if c.Ctx != nil {
		return c.Ctx.Err()
	}
	return nil
}

// charge counts n bytes of memory, and the work of filling them.
func (c *Context) charge(n int) error {
	if c.left.memory -= n; c.left.memory < 0 {
		return newError("the template makes more than %d MiB of large values", c.left.maxMemory>>20)
	}
	return c.spend(n >> 7)
}

// made counts a value that was just made, and refuses one beyond the limits.
func (c *Context) made(v any) error {
	n := 0
	switch x := v.(type) {
	case string:
		n = len(x)
	case []any:
		n = 16 * len(x)
	case Tuple:
		n = 16 * len(x)
	case *Map:
		n = 48 * x.Len()
	}
	if n < largeValue {
		return nil
	}
	if err := checkSize(v); err != nil {
		return err
	}
	return c.charge(n)
}

// key is normKey for a value that may be large.
func (c *Context) key(v any) (any, error) {
	k := normKey(v)
	if s, ok := k.(composite); ok {
		return k, c.spend(len(s) >> 5)
	}
	return k, nil
}

// isLarge says that a value may have to be counted.
func isLarge(v any) bool {
	switch x := v.(type) {
	case string:
		return len(x) >= largeValue
	case []any:
		return len(x) >= largeValue/16
	case *Map:
		return x.Len() >= largeValue/48
	}
	return false
}

func textTooLarge() error {
	return newError("the text would be larger than %d MiB", maxOutput>>20)
}
