package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type memoryStore struct {
	todos []Todo
	err   error
}

func (s *memoryStore) create(_ context.Context, todo Todo) (Todo, error) {
	todo.ID = int64(len(s.todos) + 1)
	s.todos = append(s.todos, todo)
	return todo, s.err
}

func (s *memoryStore) list(context.Context) ([]Todo, error) { return s.todos, s.err }

func (s *memoryStore) update(_ context.Context, todo Todo) error {
	for i := range s.todos {
		if s.todos[i].ID == todo.ID {
			s.todos[i] = todo
			return s.err
		}
	}
	return errNotFound
}

func (s *memoryStore) remove(_ context.Context, id int64) error {
	for i := range s.todos {
		if s.todos[i].ID == id {
			s.todos = append(s.todos[:i], s.todos[i+1:]...)
			return s.err
		}
	}
	return errNotFound
}

type memoryCache struct {
	todos []Todo
	full  bool
	err   error
}

func (c *memoryCache) list(context.Context) ([]Todo, bool, error) { return c.todos, c.full, c.err }
func (c *memoryCache) keep(_ context.Context, todos []Todo) error {
	c.todos, c.full = todos, c.err == nil
	return c.err
}
func (c *memoryCache) forget(context.Context) error { c.full = false; return c.err }

type exchange struct {
	request string // method, path, body
	status  int
	body    string
	cached  bool
}

func talk(t *testing.T, store store, cache cache, exchanges []exchange) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	handler := logged(log, newAPI("todo-1", store, cache, log))
	for _, want := range exchanges {
		part := strings.SplitN(want.request+"  ", " ", 3)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(part[0], part[1], strings.NewReader(part[2])))
		got := exchange{want.request, recorder.Code, strings.TrimSpace(recorder.Body.String()), recorder.Header().Get("X-Cache") == "hit"}
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestTodos(t *testing.T) {
	talk(t, &memoryStore{todos: []Todo{}}, &memoryCache{}, []exchange{
		{request: "GET /api/v1/ping", status: 200, body: "todo-1"},
		{request: "GET /api/v1/todos", status: 200, body: `[]`},
		{request: "GET /api/v1/todos", status: 200, body: `[]`, cached: true},
		{request: `POST /api/v1/todos {"title":" milk "}`, status: 201, body: `{"id":1,"title":"milk","done":false}`},
		{request: "GET /api/v1/todos", status: 200, body: `[{"id":1,"title":"milk","done":false}]`},
		{request: `PUT /api/v1/todos/1 {"title":"milk","done":true}`, status: 200, body: `{"id":1,"title":"milk","done":true}`},
		{request: "GET /api/v1/todos", status: 200, body: `[{"id":1,"title":"milk","done":true}]`},
		{request: "DELETE /api/v1/todos/1", status: 204},
		{request: "GET /api/v1/todos", status: 200, body: `[]`},
	})
}

func TestRefusals(t *testing.T) {
	talk(t, &memoryStore{}, &memoryCache{}, []exchange{
		{request: "DELETE /api/v1/todos/7", status: 404, body: `{"error":"no such todo"}`},
		{request: "DELETE /api/v1/todos/x", status: 400, body: `{"error":"the id must be a number"}`},
		{request: `POST /api/v1/todos {"title":""}`, status: 400, body: `{"error":"the title must have 1 to 255 characters"}`},
		{request: "POST /api/v1/todos {", status: 400, body: `{"error":"the body must be a todo in JSON: unexpected EOF"}`},
		{request: "PATCH /api/v1/todos", status: http.StatusMethodNotAllowed, body: "Method Not Allowed"},
	})
}

func TestCacheDownIsPassedOver(t *testing.T) {
	talk(t, &memoryStore{todos: []Todo{{ID: 1, Title: "milk"}}}, &memoryCache{err: errors.New("refused")}, []exchange{
		{request: "GET /api/v1/todos", status: 200, body: `[{"id":1,"title":"milk","done":false}]`},
		{request: "DELETE /api/v1/todos/1", status: 204},
	})
}

func TestStoreDownIs503(t *testing.T) {
	talk(t, &memoryStore{err: errors.New("refused")}, &memoryCache{}, []exchange{
		{request: "GET /api/v1/ping", status: 200, body: "todo-1"},
		{request: "GET /api/v1/todos", status: 503, body: `{"error":"the database does not answer"}`},
		{request: `POST /api/v1/todos {"title":"milk"}`, status: 503, body: `{"error":"the database does not answer"}`},
	})
}
