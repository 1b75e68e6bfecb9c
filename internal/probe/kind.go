package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"fleet/internal/reason"
	"fleet/internal/reason/web"
)

// maxText bounds the words about a failure, in bytes.
const maxText = 200

// failure returns the answer of a request that got none.
func failure(err error) answer {
	kind := kindOf(err)
	text, _ := reason.Of(err, web.Say)
	switch {
	case kind == "timeout" && errors.Is(err, context.DeadlineExceeded):
		text = "no whole answer in time"
	case errors.Is(err, io.ErrUnexpectedEOF):
		text = "the answer ends too early"
	case errors.Is(err, io.EOF):
		text = "the server closed the connection without an answer"
	}
	return answer{kind: kind, text: bounded(text, maxText)}
}

// kindOf names what kept a request from its answer: timeout, refused, reset,
// closed, lookup, route, tls, local, or other.
func kindOf(err error) string {
	var timeout net.Error
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return "lookup"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "route"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL):
		return "local"
	case ofTLS(err):
		return "tls"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed idle connection"):
		return "closed"
	}
	return "other"
}

func ofTLS(err error) bool {
	var (
		record  tls.RecordHeaderError
		verify  *tls.CertificateVerificationError
		alert   tls.AlertError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	if errors.As(err, &record) || errors.As(err, &verify) || errors.As(err, &alert) || errors.As(err, &name) ||
		errors.As(err, &unknown) || errors.As(err, &invalid) {
		return true
	}
	text, _ := reason.Of(err, web.Say)
	return strings.Contains(text, "tls: ") || strings.Contains(text, "HTTP response to HTTPS client")
}

// bounded returns the text as valid UTF-8 of at most limit bytes.
func bounded(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	const more = "…"
	return strings.ToValidUTF8(text[:limit-len(more)], "") + more
}
