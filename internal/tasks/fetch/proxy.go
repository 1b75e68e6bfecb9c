package fetch

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"fleet/internal/tasks/sys"
)

// Proxy returns how a request finds its proxy: by the variables of the task's
// environment, or else of the helper's.
func Proxy(m *sys.Machine) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		address := variable(m, req.URL.Scheme+"_proxy")
		if address == "" || direct(req.URL.Hostname(), variable(m, "no_proxy")) {
			return nil, nil
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		return url.Parse(address)
	}
}

// variable returns an environment variable that is written in either case.
func variable(m *sys.Machine, name string) string {
	for _, lookup := range []func(string) string{func(n string) string { return m.Env[n] }, os.Getenv} {
		for _, n := range []string{name, strings.ToUpper(name)} {
			if v := lookup(n); v != "" {
				return v
			}
		}
	}
	return ""
}

// direct reports whether no_proxy names the host: as itself, as one of its
// domains, as an address range, or as everything by *. The machine itself never
// needs a proxy.
func direct(host, list string) bool {
	ip := net.ParseIP(host)
	if host == "localhost" || ip != nil && ip.IsLoopback() {
		return true
	}
	for _, entry := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if h, _, err := net.SplitHostPort(entry); err == nil {
			entry = h
		}
		if entry == "*" {
			return true
		}
		if _, block, err := net.ParseCIDR(entry); err == nil && ip != nil && block.Contains(ip) {
			return true
		}
		domain := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), ".")
		if strings.EqualFold(host, domain) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(domain)) {
			return true
		}
	}
	return false
}
