package report

import (
	"fmt"
	"io"
	"testing"

	"fleet/internal/event"
)

// BenchmarkText runs 500 hosts through 50 tasks, each host as far ahead of the
// next as it can be.
func BenchmarkText(b *testing.B) {
	hosts := make([]string, 500)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("web%03d", i)
	}
	tasks := make([]*event.Task, 50)
	for i := range tasks {
		tasks[i] = &event.Task{Order: []int{i}, Name: "task"}
	}
	for b.Loop() {
		t := NewText(io.Discard, io.Discard, Options{})
		t.Emit(event.PlayStarted{Hosts: hosts})
		for _, host := range hosts {
			for _, task := range tasks {
				t.Emit(event.TaskStarted{Host: host, Task: task})
				t.Emit(event.TaskDone{Host: host, Task: task, Outcome: event.OK})
			}
			t.Emit(event.HostDone{Host: host})
		}
		t.Emit(event.RunEnded{})
	}
	b.ReportMetric(float64(len(hosts)*len(tasks)), "results/op")
}
