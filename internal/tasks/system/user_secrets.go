package system

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

// must returns a change's function that runs one command.
func (r *userRun) must(argv []string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := r.m.Must(ctx, argv...)
		return err
	}
}

// expireDate is the day on which an account ends, as usermod takes it. Nothing
// is never.
func expireDate(seconds float64) string {
	if seconds < 0 {
		return ""
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.DateOnly)
}

// secrets sets what stands in the shadow file: password, lock and ages.
func (r *userRun) secrets(ctx context.Context, s shadow, fresh bool) error {
	a := r.a
	if a.Password != nil && (fresh || a.UpdatePassword == "always" && s.known && bare(s.hash) != bare(*a.Password)) {
		if looksPlain(*a.Password) {
			r.res.Warnings = append(r.res.Warnings, "the password does not look like a hash; make one with the filter password_hash, or nobody can log in with it")
		}
		err := r.m.Change(ctx, sys.Change{What: "set the password of " + a.Name, Secret: true, Before: "old", After: "new",
			Do: func(ctx context.Context) error {
				c := sys.Command{Argv: []string{"chpasswd", "-e"}, Stdin: []byte(a.Name + ":" + *a.Password + "\n")}
				out, err := r.m.Run(ctx, c)
				if err == nil && out.Code != 0 {
					err = &sys.ExitError{Argv: c.Argv, Output: out}
				}
				return err
			}})
		if err != nil {
			return err
		}
		s.hash = *a.Password
	}
	locked := strings.HasPrefix(s.hash, "!")
	if a.PasswordLock != nil && *a.PasswordLock != locked && (s.known || fresh) {
		verb, flag := "unlock", "-U"
		if *a.PasswordLock {
			verb, flag = "lock", "-L"
		}
		err := r.m.Change(ctx, sys.Change{What: verb + " the password of " + a.Name, Do: r.must([]string{"usermod", flag, a.Name})})
		if err != nil {
			return err
		}
	}
	return r.ages(ctx, s, fresh)
}

func (r *userRun) ages(ctx context.Context, s shadow, fresh bool) error {
	argv, before, after := []string{"chage"}, "", ""
	for _, age := range []struct {
		name, flag, is string
		want           *int
	}{
		{"password_expire_max", "-M", s.max, r.a.PasswordExpireMax},
		{"password_expire_min", "-m", s.min, r.a.PasswordExpireMin},
		{"password_expire_warn", "-W", s.warn, r.a.PasswordExpireWarn},
		{"password_expire_account_disable", "-I", s.inactive, r.a.PasswordExpireAccountDisable},
	} {
		if age.want == nil || !fresh && (!s.known || age.is == strconv.Itoa(*age.want)) {
			continue
		}
		argv = append(argv, age.flag, strconv.Itoa(*age.want))
		before += age.name + ": " + age.is + "\n"
		after += fmt.Sprintf("%s: %d\n", age.name, *age.want)
	}
	if after == "" {
		return nil
	}
	return r.m.Change(ctx, sys.Change{What: "change the password's ages of " + r.a.Name, Before: before, After: after,
		BeforeName: r.a.Name, AfterName: r.a.Name, Do: r.must(append(argv, r.a.Name))})
}

// bare is a hash without the sign of a lock.
func bare(hash string) string { return strings.TrimLeft(hash, "!") }

// hashLengths are those of what crypt(3) makes, by the sign of its kind.
var hashLengths = map[string]int{"1": 22, "5": 43, "6": 86}

func looksPlain(password string) bool {
	if f := strings.Split(strings.TrimLeft(password, "!"), "$"); len(f) > 3 && f[0] == "" && hashLengths[f[1]] != 0 {
		hash := f[len(f)-1]
		return len(hash) != hashLengths[f[1]] || strings.Trim(hash, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != ""
	}
	return password != "" && password != "x" && !strings.ContainsAny(password[:1], "$!*_") && len(password) != 13
}

// shadow is a user's line in /etc/shadow.
type shadow struct {
	known                            bool // it could be read
	missing                          bool // the file has no line for the user
	hash                             string
	min, max, warn, inactive, expire string
}

func (s shadow) expireDate() string {
	days, err := strconv.ParseInt(s.expire, 10, 32)
	if err != nil || days < 0 || days > math.MaxInt32 {
		return ""
	}
	return time.Unix(days*24*60*60, 0).UTC().Format(time.DateOnly)
}
