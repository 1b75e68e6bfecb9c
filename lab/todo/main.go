// Command todo is the small web service that the lab's playbook runs many copies of.
//
// It keeps todos in MySQL with Redis as a cache, and answers GET /api/v1/ping with its own host name, so that a
// person can see which copy answered. It serves from its first moment: while the database or the cache is not
// there yet, a ping is answered all the same, a todo request says 503, and a cache that fails is passed over.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	configPath := flag.String("config", "/app/config/config.ini", "the configuration `file`")
	logPath := flag.String("log", "/app/log/todo.log", "the log `file`; lines also go to standard output")
	flag.Parse()
	if err := run(*configPath, *logPath); err != nil {
		fmt.Fprintln(os.Stderr, "todo:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT, and then lets the requests under way finish.
func run(configPath, logPath string) error {
	config, err := readConfig(configPath)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	log, err := openLog(logPath, config.Mode)
	if err != nil {
		return err
	}
	log = log.With("host", host)
	store, err := openStore(config.MySQL)
	if err != nil {
		return err
	}
	defer store.close()
	cache := openCache(config.Redis)
	defer cache.close()

	server := &http.Server{
		Addr:              config.Port,
		Handler:           logged(log, newAPI(host, store, cache, log)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	return serve(server, log)
}

func serve(server *http.Server, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Info("serving", "address", server.Addr)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// openLog returns a logger that appends to the file, which several copies may share: each line is one write
// to a file opened for appending, so lines never mix.
func openLog(path, mode string) (*slog.Logger, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	level := slog.LevelInfo
	if mode == "debug" {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(io.MultiWriter(os.Stdout, file), &slog.HandlerOptions{Level: level})), nil
}
