// Command floor is the least that a run over SSH can take: it logs in to each
// host, starts one process there, cat, and sends it lines, waiting for each to
// come back. What fleet takes more than that is its own.
//
// It is no client to use: it knows one key and one known_hosts file.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func main() {
	var f floor
	hosts := flag.String("hosts", "", "a `file` with an address:port a line")
	key := flag.String("key", "", "the private key's `file`")
	known := flag.String("known-hosts", "", "the known_hosts `file`")
	flag.StringVar(&f.user, "user", "root", "the `name` to log in with")
	flag.IntVar(&f.trips, "n", 20, "round trips a host")
	flag.StringVar(&f.command, "command", "exec cat", "what runs on each host and gives back the lines it gets")
	flag.DurationVar(&f.timeout, "timeout", time.Minute, "how long a host may take")
	flag.IntVar(&f.forks, "forks", 100, "hosts at a time")
	flag.Parse()
	err := f.read(*hosts, *key, *known)
	if err == nil {
		err = f.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// floor is one run.
type floor struct {
	user, command string
	trips, forks  int
	timeout       time.Duration
	hosts         []string
	signer        ssh.Signer
	check         ssh.HostKeyCallback
}

func (f *floor) read(hosts, key, known string) error {
	list, err := os.ReadFile(hosts)
	if err != nil {
		return err
	}
	f.hosts = strings.Fields(string(list))
	private, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	if f.signer, err = ssh.ParsePrivateKey(private); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	f.check, err = knownhosts.New(known)
	return err
}

// run visits all hosts, some at a time, and returns all that went wrong.
func (f *floor) run() error {
	var wg sync.WaitGroup
	free := make(chan struct{}, max(f.forks, 1))
	failed := make([]error, len(f.hosts))
	for i, host := range f.hosts {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if err := f.visit(host); err != nil {
				failed[i] = fmt.Errorf("%s: %w", host, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// visit logs in to one host and makes the round trips.
func (f *floor) visit(host string) error {
	tcp, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer tcp.Close()
	if err := tcp.SetDeadline(time.Now().Add(f.timeout)); err != nil {
		return err
	}
	conn := &prompt{Conn: tcp}
	sc, channels, requests, err := ssh.NewClientConn(conn, host, &ssh.ClientConfig{User: f.user, HostKeyCallback: f.check,
		Auth: []ssh.AuthMethod{ssh.PublicKeys(f.signer)}, HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}})
	if err != nil {
		return err
	}
	client := ssh.NewClient(sc, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	if err := session.Start(f.command); err != nil {
		return err
	}
	conn.begun.Store(true)
	if err := bounce(in, bufio.NewReader(out), f.trips); err != nil {
		return err
	}
	if err := in.Close(); err != nil && !errors.Is(err, io.EOF) { // the process has ended by itself
		return err
	}
	return session.Wait()
}

// bounce sends lines and waits for each to come back.
func bounce(in io.Writer, out *bufio.Reader, trips int) error {
	for i := range trips {
		line := fmt.Sprintf("round trip %d\n", i)
		if _, err := io.WriteString(in, line); err != nil {
			return err
		}
		back, err := out.ReadString('\n')
		if err != nil {
			return err
		}
		if back != line {
			return fmt.Errorf("sent %q, got %q", line, back)
		}
	}
	return nil
}
