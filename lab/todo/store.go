package main

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// A Todo is one thing to do.
type Todo struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

var errNotFound = errors.New("no such todo")

// A mysqlStore keeps todos in MySQL. It connects when it is first used, and makes its table then.
type mysqlStore struct {
	db *sql.DB

	mu    sync.Mutex
	ready bool // the table is there
}

func openStore(config MySQLConfig) (*mysqlStore, error) {
	options := mysql.NewConfig()
	options.Net, options.Addr = "tcp", config.Addr
	options.User, options.Passwd, options.DBName = config.User, config.Password, config.Database
	options.Timeout, options.ReadTimeout, options.WriteTimeout = 2*time.Second, 5*time.Second, 5*time.Second
	options.ClientFoundRows = true // an update that changes nothing still finds its row
	connector, err := mysql.NewConnector(options)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(4) // a hundred copies share one server
	db.SetConnMaxIdleTime(time.Minute)
	return &mysqlStore{db: db}, nil
}

func (s *mysqlStore) close() { s.db.Close() }

func (s *mysqlStore) prepare(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready {
		return nil
	}
	_, err := s.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS todo (
		id BIGINT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(255) NOT NULL, done BOOLEAN NOT NULL DEFAULT FALSE)`)
	s.ready = err == nil
	return err
}

func (s *mysqlStore) create(ctx context.Context, todo Todo) (Todo, error) {
	if err := s.prepare(ctx); err != nil {
		return Todo{}, err
	}
	result, err := s.db.ExecContext(ctx, `INSERT INTO todo (title, done) VALUES (?, ?)`, todo.Title, todo.Done)
	if err != nil {
		return Todo{}, err
	}
	todo.ID, err = result.LastInsertId()
	return todo, err
}

func (s *mysqlStore) list(ctx context.Context) ([]Todo, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id, title, done FROM todo ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	todos := []Todo{}
	for rows.Next() {
		var todo Todo
		if err := rows.Scan(&todo.ID, &todo.Title, &todo.Done); err != nil {
			return nil, err
		}
		todos = append(todos, todo)
	}
	return todos, rows.Err()
}

func (s *mysqlStore) update(ctx context.Context, todo Todo) error {
	return s.one(ctx, `UPDATE todo SET title = ?, done = ? WHERE id = ?`, todo.Title, todo.Done, todo.ID)
}

func (s *mysqlStore) remove(ctx context.Context, id int64) error {
	return s.one(ctx, `DELETE FROM todo WHERE id = ?`, id)
}

// one runs a statement that must meet exactly one row.
func (s *mysqlStore) one(ctx context.Context, statement string, args ...any) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	result, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	if count, err := result.RowsAffected(); err != nil || count == 1 {
		return err
	}
	return errNotFound
}
