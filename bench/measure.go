package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// sample is what one run took.
type sample struct {
	wall   time.Duration
	cpu    time.Duration // user and system, of the command and all it started
	hosts  time.Duration // the same of all that ran on the hosts
	memory int64         // the most it had at a time, in bytes
	helper int64         // the most that one helper had on a host, in bytes
	out    string
}

// measure runs a command and takes all its processes to its account, those too
// that outlive it, like the masters of ssh connections: they are ended.
func (l *lab) measure(ctx context.Context, argv, env []string) (sample, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{"HOME=" + l.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "NO_COLOR=1"}, env...)
	cmd.Dir = l.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	before := l.settle()
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	stop, watched := make(chan struct{}), make(chan sample, 1)
	go func() { watched <- watch(l.sshd.Process.Pid, stop) }()
	err := cmd.Wait()
	s := sample{wall: time.Since(begin), out: out.String()}
	close(stop)
	peak := <-watched
	state := cmd.ProcessState
	s.cpu = state.UserTime() + state.SystemTime() + endOrphans(l.sshd.Process.Pid)
	s.hosts = l.settle() - before
	s.helper = peak.helper
	s.memory = max(peak.memory, state.SysUsage().(*syscall.Rusage).Maxrss<<10)
	if err != nil {
		return s, fmt.Errorf("%v: %w\n%s", argv, err, tail(s.out, 30))
	}
	return s, nil
}

// watch samples the memory of all processes below this one but sshd's, until
// stop. It takes a twentieth of one processor at most.
func watch(sshd int, stop chan struct{}) sample {
	var peak sample
	wait := 50 * time.Millisecond
	for {
		select {
		case <-stop:
			return peak
		case <-time.After(wait):
		}
		begin := time.Now()
		tools, hosts := tree(sshd)
		var sum int64
		for _, p := range tools {
			sum += p.proportional()
		}
		peak.memory = max(peak.memory, sum)
		for _, p := range hosts {
			if strings.HasPrefix(p.name, "fleet-target") {
				peak.helper = max(peak.helper, p.resident())
			}
		}
		wait = max(50*time.Millisecond, 20*time.Since(begin))
	}
}

// settle waits until the sessions on the hosts have ended, and returns what sshd
// and all its sessions have taken so far.
func (l *lab) settle() time.Duration {
	for try := 0; ; try++ {
		_, hosts := tree(l.sshd.Process.Pid)
		for _, p := range hosts {
			if p.parent == os.Getpid() && p.pid != l.sshd.Process.Pid {
				l.strays += reap(p.pid, 0) // it has outlived its session
			}
		}
		if len(hosts) <= 1 || try == 100 {
			p, _ := readProcess(l.sshd.Process.Pid) // it runs until close
			return p.took + l.strays
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// endOrphans ends what a command has left running, and returns what it took. What
// has a parent among them comes in the next round.
func endOrphans(sshd int) time.Duration {
	var took time.Duration
	for range 50 {
		tools, _ := tree(sshd)
		if len(tools) == 0 {
			break
		}
		ours := slices.DeleteFunc(tools, func(p process) bool { return p.parent != os.Getpid() })
		for _, p := range ours {
			_ = syscall.Kill(p.pid, syscall.SIGTERM) // or it has gone by itself
		}
		for _, p := range ours {
			took += reap(p.pid, 2*time.Second)
		}
	}
	return took
}

// reap waits for a child's end, kills it in the middle of that time, and returns
// what it took.
func reap(pid int, wait time.Duration) time.Duration {
	const step = 10 * time.Millisecond
	var usage syscall.Rusage
	for waited := time.Duration(0); waited <= wait; waited += step {
		got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, &usage)
		switch {
		case errors.Is(err, syscall.ECHILD):
			return 0
		case got == pid:
			return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		case waited == wait:
			return 0
		case waited == wait/2/step*step:
			_ = syscall.Kill(pid, syscall.SIGKILL) // or it is gone already
		}
		time.Sleep(step)
	}
	return 0
}

// median returns the median of each number of the samples.
func median(samples []sample) sample {
	pick := func(f func(sample) int64) int64 {
		var list []int64
		for _, s := range samples {
			list = append(list, f(s))
		}
		slices.Sort(list)
		if n := len(list); n%2 == 0 {
			return (list[n/2-1] + list[n/2]) / 2
		}
		return list[len(list)/2]
	}
	return sample{wall: time.Duration(pick(func(s sample) int64 { return int64(s.wall) })),
		cpu:    time.Duration(pick(func(s sample) int64 { return int64(s.cpu) })),
		hosts:  time.Duration(pick(func(s sample) int64 { return int64(s.hosts) })),
		memory: pick(func(s sample) int64 { return s.memory }),
		helper: pick(func(s sample) int64 { return s.helper })}
}
