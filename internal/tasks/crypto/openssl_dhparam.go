package crypto

import (
	"context"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"strconv"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// OpensslDhparam makes the parameters of a Diffie-Hellman exchange.
//
// The target's openssl makes them, which takes minutes for many bits: set a
// smaller size, or none of it: TLS 1.3 has no need of them.
//
// Example:
//
//	tasks:
//	  - openssl_dhparam:
//	      path: /etc/ssl/dhparams.pem
//	      size: 2048
var OpensslDhparam = sys.Define(spec.Module{
	Name:  "openssl_dhparam",
	Names: []string{"community.crypto.openssl_dhparam", "community.general.openssl_dhparam"},
}, opensslDhparam)

type opensslDhparamArgs struct {
	fileArgs
	// The size of the prime in bits.
	Size int `arg:"size" default:"4096"`
	// Taken and not used: openssl makes them.
	Backend string `arg:"select_crypto_backend" choices:"auto,cryptography,openssl" default:"auto"`
	// Returns the parameters as dhparams.
	ReturnContent bool `arg:"return_content"`
}

type opensslDhparamResult struct {
	fileResult
	// The size in bits.
	Size int `json:"size"`
	// The parameters, where return_content asks for them.
	Dhparams string `json:"dhparams,omitempty"`
}

func opensslDhparam(ctx context.Context, m *sys.Machine, a *opensslDhparamArgs) (any, error) {
	f, err := open(m, &a.fileArgs)
	if err != nil {
		return nil, err
	}
	switch {
	case a.State == "absent":
		err = f.remove(ctx)
	case !a.Force && primeBits(f.data) == a.Size:
		err = f.keep(ctx)
	default:
		err = f.replace(ctx, func(ctx context.Context) ([]byte, error) {
			if m.Runner == nil && !m.Has("openssl") {
				return nil, errors.New("the target has no program \"openssl\"\nhint: install the package openssl first, or copy the file from elsewhere")
			}
			out, err := m.Must(ctx, "openssl", "dhparam", strconv.Itoa(a.Size))
			return []byte(out.Stdout), err
		})
	}
	res := &opensslDhparamResult{fileResult: f.result, Size: a.Size}
	if a.ReturnContent {
		res.Dhparams = string(f.data)
	}
	return res, err
}

// primeBits returns the size of the prime in a file of parameters, or 0.
func primeBits(data []byte) int {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "DH PARAMETERS" {
		return 0
	}
	var params struct {
		Prime, Generator *big.Int
		Length           int `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(block.Bytes, &params); err != nil {
		return 0
	}
	return params.Prime.BitLen()
}
