package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A store keeps the todos; update and remove answer errNotFound for an id that it does not have.
type store interface {
	create(context.Context, Todo) (Todo, error)
	list(context.Context) ([]Todo, error)
	update(context.Context, Todo) error
	remove(context.Context, int64) error
}

// A cache may forget at any time, and its errors never fail a request.
type cache interface {
	list(context.Context) ([]Todo, bool, error)
	keep(context.Context, []Todo) error
	forget(context.Context) error
}

type api struct {
	host  string
	store store
	cache cache
	log   *slog.Logger
}

func newAPI(host string, store store, cache cache, log *slog.Logger) http.Handler {
	a := &api{host, store, cache, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/ping", a.ping)
	mux.HandleFunc("GET /api/v1/todos", a.list)
	mux.HandleFunc("POST /api/v1/todos", a.create)
	mux.HandleFunc("PUT /api/v1/todos/{id}", a.update)
	mux.HandleFunc("DELETE /api/v1/todos/{id}", a.remove)
	return mux
}

func (a *api) ping(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, a.host)
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	todos, found, err := a.cache.list(r.Context())
	a.passOver(err)
	if found {
		w.Header().Set("X-Cache", "hit")
		a.answer(w, http.StatusOK, todos)
		return
	}
	todos, err = a.store.list(r.Context())
	if err != nil {
		a.fail(w, err)
		return
	}
	a.passOver(a.cache.keep(r.Context(), todos))
	a.answer(w, http.StatusOK, todos)
}

func (a *api) create(w http.ResponseWriter, r *http.Request) {
	todo, ok := a.body(w, r)
	if !ok {
		return
	}
	todo, err := a.store.create(r.Context(), todo)
	a.changed(w, r, http.StatusCreated, todo, err)
}

func (a *api) update(w http.ResponseWriter, r *http.Request) {
	id, ok := a.id(w, r)
	if !ok {
		return
	}
	todo, ok := a.body(w, r)
	if !ok {
		return
	}
	todo.ID = id
	a.changed(w, r, http.StatusOK, todo, a.store.update(r.Context(), todo))
}

func (a *api) remove(w http.ResponseWriter, r *http.Request) {
	id, ok := a.id(w, r)
	if !ok {
		return
	}
	a.changed(w, r, http.StatusNoContent, nil, a.store.remove(r.Context(), id))
}

// changed ends a request that wrote to the store: the cached list is no longer true.
func (a *api) changed(w http.ResponseWriter, r *http.Request, status int, body any, err error) {
	if err != nil {
		a.fail(w, err)
		return
	}
	a.passOver(a.cache.forget(r.Context()))
	a.answer(w, status, body)
}

func (a *api) id(w http.ResponseWriter, r *http.Request) (int64, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		a.refuse(w, "the id must be a number")
	}
	return id, err == nil
}

func (a *api) body(w http.ResponseWriter, r *http.Request) (Todo, bool) {
	var todo Todo
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&todo); err != nil {
		a.refuse(w, "the body must be a todo in JSON: "+err.Error())
		return Todo{}, false
	}
	todo.Title = strings.TrimSpace(todo.Title)
	if todo.Title == "" || len([]rune(todo.Title)) > 255 {
		a.refuse(w, "the title must have 1 to 255 characters")
		return Todo{}, false
	}
	return todo, true
}

func (a *api) refuse(w http.ResponseWriter, why string) {
	a.answer(w, http.StatusBadRequest, map[string]string{"error": why})
}

func (a *api) fail(w http.ResponseWriter, err error) {
	if errors.Is(err, errNotFound) {
		a.answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		return
	}
	a.log.Error("the store failed", "error", err)
	a.answer(w, http.StatusServiceUnavailable, map[string]string{"error": "the database does not answer"})
}

func (a *api) passOver(err error) {
	if err != nil {
		a.log.Warn("the cache failed", "error", err)
	}
}

func (a *api) answer(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		a.log.Debug("the client is gone", "error", err)
	}
}

// logged writes a line for each request.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		log.Info("request", "method", r.Method, "path", r.URL.Path, "status", recorder.status, "took", time.Since(start))
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
