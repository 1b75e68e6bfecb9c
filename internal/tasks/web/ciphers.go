package web

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// cipherSuites returns the suites by their names, which are OpenSSL's or those of
// the standard. Lists of OpenSSL, as HIGH:!aNULL, are not known.
func cipherSuites(names []string) (ids []uint16, err error) {
	known := map[string]uint16{}
	var hints []string
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		known[s.Name], known[opensslName(s.Name)] = s.ID, s.ID
		if !s.Insecure {
			hints = append(hints, opensslName(s.Name))
		}
	}
	for _, list := range names {
		for name := range strings.SplitSeq(list, ":") {
			id, ok := known[strings.TrimSpace(name)]
			if !ok {
				return nil, fmt.Errorf("argument \"ciphers\": %q is not supported\nhint: %s are", name, strings.Join(hints, ", "))
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// opensslName turns TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 into
// ECDHE-RSA-AES128-GCM-SHA256. Those of TLS 1.3 have one name only.
func opensslName(name string) string {
	key, cipher, old := strings.Cut(strings.TrimPrefix(name, "TLS_"), "_WITH_")
	if !old {
		return name
	}
	cipher = strings.NewReplacer("AES_", "AES", "_CBC", "", "3DES_EDE", "DES-CBC3", "RC4_128", "RC4", "POLY1305_SHA256", "POLY1305").Replace(cipher)
	if key != "RSA" {
		cipher = key + "-" + cipher
	}
	return strings.ReplaceAll(cipher, "_", "-")
}
