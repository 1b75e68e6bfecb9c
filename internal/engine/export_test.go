package engine

// Window makes the engine keep at most n calls of a host in the air.
func (e *Engine) Window(n int) { e.window = n }
