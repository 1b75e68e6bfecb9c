package standin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

// An event is a line of `fleet run --json`, as far as the stand-ins look at it.
type event struct {
	Event   string   `json:"event"`
	Play    int      `json:"play"`
	Name    string   `json:"name"`
	Hosts   []string `json:"hosts"`
	Host    string   `json:"host"`
	Task    task     `json:"task"`
	Item    string   `json:"item"`
	Outcome string   `json:"outcome"`
	Ignored bool     `json:"ignored"`
	Loop    bool     `json:"loop"`
	Left    int      `json:"left"`
	Reason  string   `json:"reason"`

	Delegate string `json:"delegate"`
	Msg      string `json:"msg"`
	Result   struct {
		Data  map[string]any `json:"data"`
		Quiet bool           `json:"quiet"`
	} `json:"result"`
	Playbooks []string `json:"playbooks"`
	Syntax    bool     `json:"syntax"`
	Stats     []stats  `json:"stats"`
	Custom    []custom `json:"custom_stats"`
}

type task struct {
	Order   []int  `json:"order"`
	Name    string `json:"name"`
	Role    string `json:"role"`
	Module  string `json:"module"`
	Handler bool   `json:"handler"`
	NoLog   bool   `json:"no_log"`
	Pos     struct {
		File string `json:"file"`
		Line int    `json:"line"`
	} `json:"pos"`
}

// custom are values of set_stats: of a host or, without one, of the run.
type custom struct {
	Host string         `json:"host"`
	Data map[string]any `json:"data"`
}

type stats struct {
	Host        string `json:"host"`
	OK          int    `json:"ok"`
	Changed     int    `json:"changed"`
	Unreachable int    `json:"unreachable"`
	Failed      int    `json:"failed"`
	Skipped     int    `json:"skipped"`
	Rescued     int    `json:"rescued"`
	Ignored     int    `json:"ignored"`
}

// follow runs fleet and passes its events on in the order of Ansible's linear
// strategy: a task's events together, also where hosts ran ahead of each other.
func follow(args []string, take func(event)) error {
	cmd := exec.Command(fleet, args...)
	cmd.Stdin, cmd.Stderr = os.Stdin, &complaints{to: os.Stderr, log: os.Stdout}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var refused error
	readErr := order(out, func(e event) {
		switch {
		case e.Event == "warning":
			fmt.Fprintln(os.Stderr, "[WARNING]: "+e.Msg)
		case e.Event == "refused" && e.Syntax:
			refused = unreadable
		default:
			take(e)
		}
	})
	ended := cmd.Wait()
	if refused != nil && ended != nil {
		return refused
	}
	return errors.Join(ended, readErr)
}

// order reads events. Those of a play with one host are passed on as they come,
// those of others when the play is over, sorted by task.
func order(r io.Reader, take func(event)) error {
	lines := bufio.NewReader(r)
	var held []event
	holds := false
	release := func() {
		slices.SortStableFunc(held, func(a, b event) int { return slices.Compare(a.Task.Order, b.Task.Order) })
		for _, e := range held {
			take(e)
		}
		held = nil
	}
	defer release()
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return ignoreEOF(err)
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			_, _ = os.Stdout.Write(line) // something else that fleet prints
			continue
		}
		switch {
		case e.Event == "play_started":
			holds = len(e.Hosts) > 1
			take(e)
		case e.Event == "play_ended":
			release()
			take(e)
		case holds && e.Event != "asking" && e.Event != "run_ended":
			held = append(held, e)
		default:
			take(e)
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
