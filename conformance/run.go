package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// runAll runs the targets, each on a machine of its own, and says each one's
// result when it is there. Results are kept at once: they are slow to get. They
// come in the order of the names.
func runAll(ctx context.Context, o options, names []string) ([]result, error) {
	if err := os.MkdirAll(o.logs, 0o755); err != nil {
		return nil, err
	}
	results, errs := make([]result, len(names)), make([]error, len(names))
	next := make(chan int)
	record := newRecord(o)
	var workers sync.WaitGroup
	for range max(1, o.machines) {
		workers.Go(func() {
			for i := range next {
				results[i], errs[i] = runTarget(ctx, o, names[i])
				if errs[i] == nil {
					fmt.Println(results[i])
					errs[i] = record.add(results[i])
				}
			}
		})
	}
	for i := range names {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return results, errors.Join(append(errs, ctx.Err())...)
}

// runTarget runs one target on a fresh machine. What it prints goes to its log;
// an error means that the machine could not be made.
func runTarget(ctx context.Context, o options, name string) (result, error) {
	path := filepath.Join(o.logs, name+".log")
	log, err := os.Create(path)
	if err != nil {
		return result{}, err
	}
	defer log.Close()
	m, err := newMachine(ctx, o)
	if err != nil {
		return result{}, err
	}
	defer m.remove()
	limited, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	start := time.Now()
	runErr := m.run(limited, log, "/conformance/conformance", "inside", string(o.with), name)
	r := result{target: name, seconds: time.Since(start).Seconds()}
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case limited.Err() != nil:
		r.status = timedOut
	case runErr != nil:
		r.status = failed
	default:
		r.status = passed
		return r, nil
	}
	text, err := os.ReadFile(path)
	r.reason = reason(string(text))
	return r, err
}
