package measure

import "testing"

func TestMedian(t *testing.T) {
	samples := []Sample{{Wall: 3, Memory: 1}, {Wall: 1, Memory: 9}, {Wall: 2, Memory: 4}}
	if m := Median(samples); m.Wall != 2 || m.Memory != 4 {
		t.Errorf("median of three: %+v", m)
	}
	if m := Median(samples[:2]); m.Wall != 2 || m.Memory != 5 {
		t.Errorf("median of two: %+v", m)
	}
	if m := Median(nil); m.Wall != 0 {
		t.Errorf("median of none: %+v", m)
	}
}
