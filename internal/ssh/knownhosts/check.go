package knownhosts

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
)

// ErrUnknown says that nothing is known of the host.
var ErrUnknown = errors.New("the host's key is not known")

// RevokedError says that the key, or the authority that signed it, is revoked.
type RevokedError struct{ Entry Entry }

func (e *RevokedError) Error() string {
	return fmt.Sprintf("the key is revoked by %s:%d", e.Entry.File, e.Entry.Line)
}

// ChangedError says that the host is known by other keys only: at least one.
type ChangedError struct{ Want []Entry }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s:%d has another key", e.Want[0].File, e.Want[0].Line)
}

// Check reports whether a host may show the key. Its error is ErrUnknown, a
// *ChangedError, a *RevokedError, or says what is wrong with a certificate.
//
// As ssh does it, a host at another port than 22 that is not known there may show
// a key that is known of the host at port 22.
func (db *DB) Check(addr string, key ssh.PublicKey) error {
	name, host := nameOf(addr)
	err := judge(db.Lookup(name), host, key)
	if !errors.Is(err, ErrUnknown) || name == Name(host, "") {
		return err
	}
	var revoked *RevokedError
	without := judge(db.Lookup(host), host, key)
	if without == nil || errors.As(without, &revoked) {
		return without
	}
	return err
}

// judge checks a key against the entries of the host.
func judge(entries []Entry, host string, key ssh.PublicKey) error {
	cert, certified := key.(*ssh.Certificate)
	if certified {
		key = cert.Key
	}
	for _, e := range entries {
		if e.Marker == Revoked && (same(e.Key, key) || certified && same(e.Key, cert.SignatureKey)) {
			return &RevokedError{e}
		}
	}
	var changed ChangedError
	for _, e := range entries {
		if e.Marker != Plain {
			continue
		}
		if same(e.Key, key) {
			return nil // with a certificate that proves nothing, too
		}
		changed.Want = append(changed.Want, e)
	}
	switch {
	case certified:
		return checkCertificate(entries, host, cert)
	case len(changed.Want) > 0:
		return &changed
	}
	return ErrUnknown
}

// checkCertificate reports whether an authority for the host has signed that it is
// the host.
func checkCertificate(entries []Entry, host string, cert *ssh.Certificate) error {
	if cert.CertType != ssh.HostCert {
		return errors.New("the certificate is not one for hosts")
	}
	signed := slices.ContainsFunc(entries, func(e Entry) bool { return e.Marker == Authority && same(e.Key, cert.SignatureKey) })
	if !signed {
		return errors.New("no known authority has signed the certificate")
	}
	return new(ssh.CertChecker).CheckCert(host, cert)
}

func same(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// certificates are the kinds of certificates that hosts have, in the order in
// which they are asked for.
var certificates = []string{ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01}

// Algorithms returns the kinds of keys to ask a host for, so that it does not
// answer with one that is not known: those that are known of it, or the given ones
// where none is. Certificates come first where there is an authority.
func (db *DB) Algorithms(addr string, unknown []string) []string {
	name, host := nameOf(addr)
	entries := db.Lookup(name)
	kinds := plainKinds(entries)
	if len(kinds) == 0 { // it may have the key that is known at port 22
		kinds = append(plainKinds(db.Lookup(host)), unknown...)
	}
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.Marker == Authority }) {
		kinds = slices.Concat(certificates, kinds)
	}
	return unique(kinds)
}

func plainKinds(entries []Entry) []string {
	var kinds []string
	for _, e := range entries {
		if e.Marker == Plain {
			kinds = append(kinds, algorithms(e.Key.Type())...)
		}
	}
	return kinds
}

// algorithms returns how a host may sign with a type of key.
func algorithms(kind string) []string {
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{kind}
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
