package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// Config is what config.ini says.
type Config struct {
	Mode  string // "release" or "debug"
	Port  string // what to listen on, such as ":3000"
	Redis RedisConfig
	MySQL MySQLConfig
}

// RedisConfig is the section [redis].
type RedisConfig struct {
	Addr     string // host:port
	Password string
	Database int
}

// MySQLConfig is the section [mysql].
type MySQLConfig struct {
	Addr     string // host:port
	User     string
	Password string
	Database string
}

func readConfig(path string) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, err
	}
	defer file.Close()
	values, err := parseINI(file)
	if err != nil {
		return Config{}, fmt.Errorf("%s:%w", path, err)
	}
	config, err := newConfig(values)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// parseINI reads "[section]" and "key = value" lines into a map of "section.key"; # and ; begin a comment line.
func parseINI(r io.Reader) (map[string]string, error) {
	values := map[string]string{}
	section := ""
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[' && line[len(line)-1] == ']':
			section = line[1 : len(line)-1]
		default:
			key, value, found := strings.Cut(line, "=")
			if !found {
				return nil, fmt.Errorf("%d: expected key = value, not %q", number, line)
			}
			values[section+"."+strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return values, lines.Err()
}

func newConfig(values map[string]string) (Config, error) {
	required := []string{"service.HttpPort", "redis.RedisAddr", "redis.RedisDbName", "mysql.DbHost", "mysql.DbPort", "mysql.DbUser", "mysql.DbName"}
	for _, key := range required {
		if values[key] == "" {
			return Config{}, fmt.Errorf("%s is missing", key)
		}
	}
	for key, only := range map[string]string{"redis.RedisDb": "redis", "mysql.Db": "mysql"} {
		if value, given := values[key]; given && value != only {
			return Config{}, fmt.Errorf("%s is %q, and only %q is supported", key, value, only)
		}
	}
	mode := values["service.AppMode"]
	if mode != "release" && mode != "debug" {
		return Config{}, fmt.Errorf("service.AppMode is %q, not release or debug", mode)
	}
	database, err := strconv.Atoi(values["redis.RedisDbName"])
	if err != nil {
		return Config{}, fmt.Errorf("redis.RedisDbName is %q, not a number", values["redis.RedisDbName"])
	}
	return Config{
		Mode:  mode,
		Port:  values["service.HttpPort"],
		Redis: RedisConfig{Addr: values["redis.RedisAddr"], Password: values["redis.RedisPw"], Database: database},
		MySQL: MySQLConfig{
			Addr:     net.JoinHostPort(values["mysql.DbHost"], values["mysql.DbPort"]),
			User:     values["mysql.DbUser"],
			Password: values["mysql.DbPassWord"],
			Database: values["mysql.DbName"],
		},
	}, nil
}
