package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/crypt"
	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Htpasswd has a user with a password in a file for a web server's basic
// authentication, or takes it out. A password that is right already is not
// hashed anew, whatever way it was hashed.
//
// Example:
//
//	tasks:
//	  - name: Let only the auditors see the reports
//	    htpasswd:
//	      path: /etc/nginx/reports.htpasswd
//	      name: auditor
//	      password: "{{ auditor_password }}"
//	      owner: root
//	      group: www-data
//	      mode: "0640"
var Htpasswd = sys.Define(spec.Module{
	Name:  "htpasswd",
	Names: []string{"community.general.htpasswd"},
}, htpasswd)

type htpasswdArgs struct {
	// The file.
	Path string `arg:"path,required" type:"path" alias:"dest,destfile"`
	// The user.
	Name string `arg:"name,required" alias:"username"`
	// The password.
	Password string `arg:"password,secret"`
	// How it is hashed. For bcrypt the machine needs Apache's program htpasswd.
	HashScheme string `arg:"hash_scheme" alias:"crypt_scheme" choices:"apr_md5_crypt,bcrypt,ldap_sha1,md5_crypt,plaintext,sha256_crypt,sha512_crypt" default:"apr_md5_crypt"`
	// Whether the user should be in the file.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Makes the file if it does not exist.
	Create bool `arg:"create" default:"true"`
	sys.Perms
}

type htpasswdResult struct {
	// What was done.
	Msg string `json:"msg"`
	sys.FileInfo
}

func htpasswd(ctx context.Context, m *sys.Machine, a *htpasswdArgs) (any, error) {
	res := &htpasswdResult{}
	path, err := m.Expand(a.Path)
	if err != nil {
		return res, err
	}
	if a.Name == "" || strings.ContainsAny(a.Name, ":\n") || strings.Contains(a.Password, "\n") {
		return res, fmt.Errorf("argument %q: a user's name is not empty and holds no colon, and neither it nor the password a newline", "name")
	}
	text, there, err := m.ReadText(path)
	switch {
	case err != nil:
		return res, err
	case !there && a.State == "absent":
		res.Msg = path + " not present"
		return res, nil
	case !there && !a.Create:
		return res, fmt.Errorf("%q does not exist; create: true makes it", path)
	case a.State == "present" && a.Password == "":
		return res, fmt.Errorf("argument %q is missing, which state: present needs", "password")
	}
	lines, err := a.edit(ctx, m, path, sys.Lines(text), res)
	if err != nil {
		return res, err
	}
	_, err = m.Write(ctx, sys.Write{Path: path, Content: sys.Bytes([]byte(strings.Join(lines, ""))), Perms: a.Perms, Follow: true, Secret: true})
	res.FileInfo = m.FileInfo(path)
	return res, err
}

// edit returns the lines with the user's among them, or without.
func (a *htpasswdArgs) edit(ctx context.Context, m *sys.Machine, path string, lines []string, res *htpasswdResult) ([]string, error) {
	var kept []string
	found := false
	for _, line := range lines {
		hash, mine := strings.CutPrefix(strings.TrimRight(line, "\r\n"), a.Name+":")
		if !mine {
			kept = append(kept, strings.TrimRight(line, "\n")+"\n")
			continue
		}
		if found {
			continue
		}
		found = true
		if a.State == "absent" {
			res.Msg = "Remove " + a.Name
			continue
		}
		right, err := a.matches(ctx, m, path, hash)
		if err != nil {
			return nil, err
		}
		if right {
			res.Msg = a.Name + " already present"
			kept = append(kept, line)
			continue
		}
		if line, err = a.line(ctx, m); err != nil {
			return nil, err
		}
		res.Msg = "Change the password of " + a.Name
		kept = append(kept, line)
	}
	switch {
	case found:
	case a.State == "absent":
		res.Msg = a.Name + " not present"
	default:
		line, err := a.line(ctx, m)
		if err != nil {
			return nil, err
		}
		res.Msg = "Add " + a.Name
		kept = append(kept, line)
	}
	return kept, nil
}

// matches reports whether a hash is the password's. bcrypt is left to Apache's
// program, which gets the password on its standard input.
func (a *htpasswdArgs) matches(ctx context.Context, m *sys.Machine, path, hash string) (bool, error) {
	if match, known := crypt.Match(hash, a.Password); known {
		return match, nil
	}
	if !strings.HasPrefix(hash, "$2") {
		return a.HashScheme == "plaintext" && hash == a.Password, nil
	}
	if there, err := m.Need("htpasswd", "apache2-utils or httpd-tools"); err != nil || !there {
		return false, err
	}
	out, err := m.Run(ctx, sys.Command{Argv: []string{"htpasswd", "-vi", path, a.Name}, Stdin: []byte(a.Password + "\n")})
	return out.Code == 0, err
}

// line is the user's line with the password hashed.
func (a *htpasswdArgs) line(ctx context.Context, m *sys.Machine) (string, error) {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	salt, hash := crypt.Salt(random), ""
	switch a.HashScheme {
	case "apr_md5_crypt":
		hash = crypt.MD5("apr1", a.Password, salt)
	case "md5_crypt":
		hash = crypt.MD5("1", a.Password, salt)
	case "sha256_crypt", "sha512_crypt":
		hash = crypt.SHA(strings.TrimSuffix(a.HashScheme, "_crypt"), a.Password, salt, 0)
	case "ldap_sha1":
		hash = crypt.SHA1(a.Password)
	case "plaintext":
		hash = a.Password
	default:
		return a.bcrypt(ctx, m)
	}
	return a.Name + ":" + hash + "\n", nil
}

func (a *htpasswdArgs) bcrypt(ctx context.Context, m *sys.Machine) (string, error) {
	if there, err := m.Need("htpasswd", "apache2-utils or httpd-tools"); err != nil || !there {
		return a.Name + ":\n", err
	}
	argv := []string{"htpasswd", "-niB", a.Name}
	out, err := m.Run(ctx, sys.Command{Argv: argv, Stdin: []byte(a.Password + "\n")})
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: argv, Output: out}
	}
	if err == nil && !strings.HasPrefix(out.Stdout, a.Name+":$2") {
		err = errors.New("the program htpasswd gave no hash of bcrypt")
	}
	return strings.TrimSpace(out.Stdout) + "\n", err
}
