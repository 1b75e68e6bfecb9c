package system

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

// create makes a new user.
func (r *userRun) create(ctx context.Context) error {
	a, argv := r.a, []string{"useradd"}
	after := "state: present\n"
	add := func(name, value string, flags ...string) {
		argv = append(argv, flags...)
		if name != "" {
			after += name + ": " + value + "\n"
		}
	}
	if a.UID != nil {
		uid := strconv.Itoa(*a.UID)
		add("uid", uid, "-u", uid)
	}
	if a.NonUnique {
		add("", "", "-o")
	}
	if a.System {
		add("system", "true", "-r")
	}
	switch _, err := findGroup(r.m, a.Name); {
	case a.Group != "":
		add("group", a.Group, "-g", a.Group)
	case err == nil:
		// useradd would stumble over the group that it wants to make.
		add("", "", "-N")
	}
	if a.Groups != nil && len(*a.Groups) > 0 {
		list := strings.Join(*a.Groups, ",")
		add("groups", list, "-G", list)
	}
	if a.Comment != nil {
		add("comment", *a.Comment, "-c", *a.Comment)
	}
	if a.Home != "" {
		add("home", a.Home, "-d", a.Home)
	}
	if a.Shell != "" {
		add("shell", a.Shell, "-s", a.Shell)
	}
	if a.Expires != nil {
		add("expires", expireDate(*a.Expires), "-e", expireDate(*a.Expires))
	}
	if a.CreateHome {
		add("", "", "-m")
		if a.Skeleton != "" {
			add("", "", "-k", a.Skeleton)
		}
		if a.Umask != "" {
			add("", "", "-K", "UMASK="+a.Umask)
		}
	} else {
		add("", "", "-M")
	}
	if a.SEUser != "" {
		add("", "", "-Z", a.SEUser)
	}
	err := r.m.Change(ctx, sys.Change{What: "create user " + a.Name, Before: "state: absent\n", After: after,
		BeforeName: a.Name, AfterName: a.Name, Do: r.must(append(argv, a.Name))})
	if err != nil {
		return err
	}
	return r.secrets(ctx, shadow{}, true)
}

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

// modify brings a user who is there to what is asked for.
func (r *userRun) modify(ctx context.Context, u sys.User) error {
	a, argv := r.a, []string{"usermod"}
	var before, after string
	change := func(name, was, is string, flags ...string) {
		argv = append(argv, flags...)
		before += name + ": " + was + "\n"
		after += name + ": " + is + "\n"
	}
	if a.UID != nil && *a.UID != u.UID {
		uid := strconv.Itoa(*a.UID)
		change("uid", strconv.Itoa(u.UID), uid, "-u", uid)
		if a.NonUnique {
			argv = append(argv, "-o")
		}
	}
	if g, err := findGroup(r.m, a.Group); a.Group != "" && (err != nil || g.GID != u.GID) {
		change("group", r.m.GroupName(u.GID), a.Group, "-g", a.Group)
	}
	if a.Groups != nil {
		was, is := r.groups(u)
		if !slices.Equal(was, is) {
			flag := []string{"-G", strings.Join(is, ",")}
			if a.Append {
				flag = append([]string{"-a"}, "-G", strings.Join(*a.Groups, ","))
			}
			change("groups", strings.Join(was, ","), strings.Join(is, ","), flag...)
		}
	}
	if a.Comment != nil && *a.Comment != u.Gecos {
		change("comment", u.Gecos, *a.Comment, "-c", *a.Comment)
	}
	if a.Home != "" && a.Home != u.Home {
		change("home", u.Home, a.Home, "-d", a.Home)
		if a.MoveHome {
			argv = append(argv, "-m")
		}
	}
	if a.Shell != "" && a.Shell != u.Shell {
		change("shell", u.Shell, a.Shell, "-s", a.Shell)
	}
	s := readShadow(r.m, a.Name)
	if a.Expires != nil && s.known && expireDate(*a.Expires) != s.expireDate() {
		change("expires", s.expireDate(), expireDate(*a.Expires), "-e", expireDate(*a.Expires))
	}
	if before != "" {
		err := r.m.Change(ctx, sys.Change{What: "change user " + a.Name, Before: before, After: after,
			BeforeName: a.Name, AfterName: a.Name, Do: r.must(append(argv, a.Name))})
		if err != nil {
			return err
		}
	}
	return r.secrets(ctx, s, false)
}

// groups returns the other groups that the user is in, and should be in, sorted.
func (r *userRun) groups(u sys.User) (was, is []string) {
	primary := u.GID
	if g, err := findGroup(r.m, r.a.Group); r.a.Group != "" && err == nil {
		primary = g.GID
	}
	for _, g := range allGroups(r.m) {
		if slices.Contains(g.Members, u.Name) && g.GID != primary {
			was = append(was, g.Name)
		}
	}
	for _, name := range *r.a.Groups {
		if g, err := findGroup(r.m, name); err == nil {
			if g.GID == primary {
				continue
			}
			name = g.Name
		}
		is = append(is, name)
	}
	if r.a.Append {
		is = append(is, was...)
	}
	slices.Sort(was)
	slices.Sort(is)
	return slices.Compact(was), slices.Compact(is)
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

func looksPlain(password string) bool {
	return password != "" && password != "x" && !strings.ContainsAny(password[:1], "$!*_") && len(password) != 13
}

// shadow is a user's line in /etc/shadow.
type shadow struct {
	known                  bool // it could be read
	hash                   string
	min, max, warn, expire string
}

func (s shadow) expireDate() string {
	days, err := strconv.ParseInt(s.expire, 10, 32)
	if err != nil || days < 0 || days > math.MaxInt32 {
		return ""
	}
	return time.Unix(days*24*60*60, 0).UTC().Format(time.DateOnly)
}
