package main

// headroom is memory that is never touched, and so takes none. The collector,
// which runs when the heap has doubled, counts it: a small run is through before it
// has to collect, and a large one takes this much more at most.
type headroom []byte

func newHeadroom() headroom { return make(headroom, 32<<20) }
