// Command containers is the least that containers can take: it asks the Docker
// Engine to create and start each, which are two requests, or to remove each, which
// is one, so many at a time, and asks nothing else. What fleet takes more than that
// is its own; what both take is the engine's.
//
// It is no client to use: it does not look whether a container is there.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
)

func main() {
	var f floor
	socket := flag.String("socket", "/var/run/docker.sock", "the engine's `socket`")
	flag.IntVar(&f.count, "count", 100, "how many containers")
	flag.IntVar(&f.parallel, "parallel", 16, "how many at a time")
	flag.StringVar(&f.image, "image", "bench/sleep", "what they are made from")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: containers [FLAG…] [COMMAND…]; without a command they are removed")
		flag.PrintDefaults()
	}
	flag.Parse()
	f.command = flag.Args()
	f.http.Transport = &http.Transport{MaxIdleConnsPerHost: f.parallel, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", *socket)
	}}
	each := f.start
	if len(f.command) == 0 {
		each = f.remove
	}
	if err := f.run(each); err != nil {
		fmt.Fprintln(os.Stderr, "containers:", err)
		os.Exit(1)
	}
}

// floor is one run.
type floor struct {
	http            http.Client
	count, parallel int
	image           string
	command         []string
}

// run does something with each container, some at a time, and returns all that went
// wrong.
func (f *floor) run(each func(name string) error) error {
	var wg sync.WaitGroup
	free := make(chan struct{}, max(f.parallel, 1))
	failed := make([]error, f.count)
	for i := range f.count {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			name := fmt.Sprintf("bench%d", i)
			if err := each(name); err != nil {
				failed[i] = fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (f *floor) start(name string) error {
	body, err := json.Marshal(map[string]any{"Image": f.image, "Cmd": f.command})
	if err != nil {
		return err
	}
	if err := f.ask(http.MethodPost, "/containers/create?name="+url.QueryEscape(name), body); err != nil {
		return err
	}
	return f.ask(http.MethodPost, "/containers/"+name+"/start", nil)
}

func (f *floor) remove(name string) error {
	return f.ask(http.MethodDelete, "/containers/"+name+"?force=1&v=1", nil)
}

// ask makes one request.
func (f *floor) ask(method, path string, body []byte) error {
	req, err := http.NewRequest(method, "http://docker/v1.40"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.http.Do(req)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("%s: %s", resp.Status, said)
	}
	return errors.Join(err, resp.Body.Close())
}
