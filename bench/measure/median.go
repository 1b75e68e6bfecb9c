package measure

import (
	"slices"
	"time"
)

// Median returns the median of each number of the samples.
func Median(samples []Sample) Sample {
	return Sample{
		Wall:   pick(samples, func(s Sample) time.Duration { return s.Wall }),
		CPU:    pick(samples, func(s Sample) time.Duration { return s.CPU }),
		Hosts:  pick(samples, func(s Sample) time.Duration { return s.Hosts }),
		Memory: pick(samples, func(s Sample) int64 { return s.Memory }),
		Helper: pick(samples, func(s Sample) int64 { return s.Helper }),
		Files:  int(pick(samples, func(s Sample) int64 { return int64(s.Files) })),
	}
}

func pick[N ~int64](samples []Sample, number func(Sample) N) N {
	var list []N
	for _, s := range samples {
		list = append(list, number(s))
	}
	slices.Sort(list)
	n := len(list)
	switch {
	case n == 0:
		return 0
	case n%2 == 0:
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[n/2]
}
