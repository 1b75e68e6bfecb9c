package main

import (
	"strings"
	"testing"
)

const goodConfig = `[service]
AppMode = release
HttpPort = :3000

# the cache
[redis]
RedisDb = redis
RedisAddr = 172.17.0.3:6379
RedisPw = 000000
RedisDbName = 2

[mysql]
Db = mysql
DbHost = 172.17.0.2
DbPort = 3306
DbUser = root
DbPassWord = a=b
DbName = todolist
`

func TestConfig(t *testing.T) {
	values, err := parseINI(strings.NewReader(goodConfig))
	if err != nil {
		t.Fatal(err)
	}
	got, err := newConfig(values)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Mode:  "release",
		Port:  ":3000",
		Redis: RedisConfig{Addr: "172.17.0.3:6379", Password: "000000", Database: 2},
		MySQL: MySQLConfig{Addr: "172.17.0.2:3306", User: "root", Password: "a=b", Database: "todolist"},
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"DbHost = 172.17.0.2", "", "mysql.DbHost is missing"},
		{"RedisAddr = 172.17.0.3:6379", "RedisAddr =", "redis.RedisAddr is missing"},
		{"RedisDb = redis", "RedisDb = memcached", `redis.RedisDb is "memcached", and only "redis" is supported`},
		{"AppMode = release", "AppMode = fast", `service.AppMode is "fast", not release or debug`},
		{"RedisDbName = 2", "RedisDbName = two", `redis.RedisDbName is "two", not a number`},
		{"DbUser = root", "DbUser root", `16: expected key = value, not "DbUser root"`},
	} {
		values, err := parseINI(strings.NewReader(strings.Replace(goodConfig, test.old, test.new, 1)))
		if err == nil {
			_, err = newConfig(values)
		}
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.new, err, test.want)
		}
	}
}
