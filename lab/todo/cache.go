package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	listKey = "todo:list"
	listTTL = 30 * time.Second
)

// A redisCache keeps the list of todos for a while.
type redisCache struct{ client *redis.Client }

func openCache(config RedisConfig) *redisCache {
	return &redisCache{redis.NewClient(&redis.Options{
		Addr:            config.Addr,
		Password:        config.Password,
		DB:              config.Database,
		PoolSize:        4,
		DialTimeout:     time.Second,
		ReadTimeout:     time.Second,
		WriteTimeout:    time.Second,
		MaxRetries:      -1,
		DisableIdentity: true,
	})}
}

func (c *redisCache) close() { c.client.Close() }

// list returns the cached list, and whether there is one.
func (c *redisCache) list(ctx context.Context) ([]Todo, bool, error) {
	text, err := c.client.Get(ctx, listKey).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var todos []Todo
	if err := json.Unmarshal(text, &todos); err != nil {
		return nil, false, err
	}
	return todos, true, nil
}

func (c *redisCache) keep(ctx context.Context, todos []Todo) error {
	text, err := json.Marshal(todos)
	if err != nil {
		return err
	}
	return c.client.Set(ctx, listKey, text, listTTL).Err()
}

func (c *redisCache) forget(ctx context.Context) error { return c.client.Del(ctx, listKey).Err() }
