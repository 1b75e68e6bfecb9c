package report

import (
	"fmt"

	"fleet/internal/event"
)

// shownChanges is how many changed items of a host's loop get a line of their
// own.
const shownChanges = 20

// itemFold counts the items of one host's loop that have nothing to say but
// their outcome, so that forty of them do not bury the one that matters.
type itemFold struct {
	changes int // changed items that got a line of their own
	groups  []itemGroup
}

// itemGroup is the folded items with one outcome.
type itemGroup struct {
	first piece
	count int
}

// itemDone adds an item's line, or counts the item.
func (t *Text) itemDone(e event.ItemDone) {
	piece := t.itemPiece(e)
	p := t.play(e.Task.Play)
	if p == nil {
		t.add(e.Task, piece)
		return
	}
	v := p.view(e.Task)
	fold := v.items[e.Host]
	if fold == nil {
		fold = &itemFold{}
		v.items[e.Host] = fold
	}
	if t.options.Verbose > 0 || !piece.bare() || !fold.takes(e.Outcome) {
		t.keep(p, v, piece)
		return
	}
	fold.count(piece)
}

// takes reports whether an item with nothing else to say is counted rather than
// shown.
func (f *itemFold) takes(o event.Outcome) bool {
	if o == event.Changed {
		f.changes++
		return f.changes > shownChanges
	}
	return o == event.OK || o == event.Skipped
}

func (f *itemFold) count(p piece) {
	for i := range f.groups {
		if f.groups[i].first.word == p.word {
			f.groups[i].count++
			return
		}
	}
	f.groups = append(f.groups, itemGroup{p, 1})
}

// unfold returns a line for each outcome of the counted items, and forgets
// them. An item that is alone keeps its label.
func (f *itemFold) unfold() []piece {
	var list []piece
	for _, g := range f.groups {
		p := g.first
		switch {
		case g.count > 1 && p.word == string(event.Changed):
			p.tail = fmt.Sprintf(" (%d more items)", g.count)
		case g.count > 1:
			p.tail = fmt.Sprintf(" (%d items)", g.count)
		}
		list = append(list, p)
	}
	f.groups = nil
	return list
}

// itemsOf reports whether the host's items of the task were reported.
func (v *taskView) itemsOf(host string) bool { return v.items[host] != nil }

// unfoldItems adds the lines of the items that were counted for a host.
func (t *Text) unfoldItems(p *playView, v *taskView, host string) {
	if f := v.items[host]; f != nil {
		for _, piece := range f.unfold() {
			t.keep(p, v, piece)
		}
	}
}
