package postgresql

import (
	"cmp"
	"strings"
	"testing"

	"fleet/internal/tasks/database/databasetest"
	"fleet/internal/tasks/sys"
)

// TestCases runs the cases of each module against a server that plays their dialogs.
func TestCases(t *testing.T) {
	start := func(t *testing.T, files map[string]string, d *databasetest.Dialog) map[string]any {
		s := startFake(t, cmp.Or(files["asks"], "trust"), d)
		return map[string]any{"login_password": "right", "login_unix_socket": s.folder}
	}
	databasetest.RunCases(t, start, &PostgresqlDB, &PostgresqlPrivs, &PostgresqlQuery, &PostgresqlUser)
}

func TestLogin(t *testing.T) {
	for _, asks := range []string{"trust", "password", "md5", "scram-sha-256", "liar"} {
		s := startFake(t, asks, databasetest.NewDialog(t, nil))
		for password, ok := range map[string]bool{"right": asks != "liar", "wrong": asks == "trust"} {
			c, err := connect(t.Context(), &sys.Machine{}, &loginArgs{LoginUser: "postgres", LoginPassword: password, LoginUnixSocket: s.folder, Port: 5432}, "shop")
			if err == nil {
				c.close()
			}
			if (err == nil) != ok || err != nil && strings.Contains(err.Error(), password+"\"") {
				t.Errorf("%s, %s: %v", asks, password, err)
			}
		}
	}
}

// kept is what PostgreSQL 15 made of this password.
const (
	password = `s3cret'\`
	kept     = "SCRAM-SHA-256$4096:HJrOpg7lq2qjmIy3ZR4HWw==$P5iNSs1p5is9YXYmE52JiRDa3TVJ+mmoqRuY2Q+oZxM=:EBbiOFj99fLmCkZ2xmxNF2kspxlH0XTeyELLHQNb7fA="
)

func TestPasswords(t *testing.T) {
	own, err := verifier("scram-sha-256", "shop", password)
	if err != nil || strings.Contains(own, password) {
		t.Fatal(own, err)
	}
	for _, v := range []string{kept, own, "md5" + md5Hex([]byte(password+"shop"))} {
		if !samePassword(v, "shop", password) || samePassword(v, "shop", "other") || !samePassword(v, "shop", v) {
			t.Errorf("%s is not compared", v)
		}
	}
	if samePassword("SCRAM-SHA-256$0:damaged", "shop", "x") || samePassword("", "shop", "x") || !samePassword("", "shop", "") {
		t.Error("what is no verifier is not compared")
	}
}
