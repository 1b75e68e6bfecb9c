package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Ranges writes host names short: names that differ in one number only become
// one with a range, as "web[1-3,7],db1". Leading zeros count. The order is that
// of each group's first name.
func Ranges(names []string) string {
	groups := groupNames(names)
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.String()
	}
	return strings.Join(list, ",")
}

// numbered is a name taken apart at one of its numbers.
type numbered struct{ before, digits, after string }

// frame is what names of one group share. Width is the number of digits where
// there are leading zeros, otherwise 0.
type frame struct {
	before, after string
	width         int
}

type nameGroup struct {
	frame
	first   string
	numbers []int // none where the name stands for itself
}

// groupNames puts each name into the largest group that one of its numbers
// allows; of two that are equal, the number further right wins.
func groupNames(names []string) []*nameGroup {
	sizes, padded := map[frame]int{}, map[frame]bool{}
	seen := map[string]bool{}
	var distinct []string
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		distinct = append(distinct, name)
		for _, n := range numbersOf(name) {
			if len(n.digits) > 1 && n.digits[0] == '0' {
				padded[frame{n.before, n.after, len(n.digits)}] = true
			}
		}
	}
	for _, name := range distinct {
		for _, n := range numbersOf(name) {
			sizes[frameOf(n, padded)]++
		}
	}
	var groups []*nameGroup
	byFrame := map[frame]*nameGroup{}
	for _, name := range distinct {
		best, number, ok := largest(name, sizes, padded)
		if !ok || sizes[best] < 2 {
			groups = append(groups, &nameGroup{first: name})
			continue
		}
		g := byFrame[best]
		if g == nil {
			g = &nameGroup{frame: best, first: name}
			byFrame[best] = g
			groups = append(groups, g)
		}
		g.numbers = append(g.numbers, number)
	}
	return groups
}

func frameOf(n numbered, padded map[frame]bool) frame {
	f := frame{n.before, n.after, len(n.digits)}
	if !padded[f] {
		f.width = 0
	}
	return f
}

func largest(name string, sizes map[frame]int, padded map[frame]bool) (best frame, number int, ok bool) {
	for _, n := range numbersOf(name) {
		if f := frameOf(n, padded); !ok || sizes[f] >= sizes[best] {
			best, ok = f, true
			number, _ = strconv.Atoi(n.digits)
		}
	}
	return best, number, ok
}

// numbersOf takes the name apart at each of its numbers. Numbers too long to
// count are left alone.
func numbersOf(name string) []numbered {
	var list []numbered
	for i := 0; i < len(name); {
		if !isDigit(name[i]) {
			i++
			continue
		}
		j := i
		for j < len(name) && isDigit(name[j]) {
			j++
		}
		if j-i <= 9 {
			list = append(list, numbered{name[:i], name[i:j], name[j:]})
		}
		i = j
	}
	return list
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (g *nameGroup) String() string {
	if len(g.numbers) < 2 {
		return g.first
	}
	slices.SortFunc(g.numbers, cmp.Compare[int])
	var parts []string
	for i := 0; i < len(g.numbers); {
		j := i
		for j+1 < len(g.numbers) && g.numbers[j+1] == g.numbers[j]+1 {
			j++
		}
		part := fmt.Sprintf("%0*d", g.width, g.numbers[i])
		if j > i {
			part += fmt.Sprintf("-%0*d", g.width, g.numbers[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return g.before + "[" + strings.Join(parts, ",") + "]" + g.after
}
