package database

import (
	"context"
	"errors"
	"net"
	"time"
)

// Dial connects to a server, and gives the login as long as the connection had: its
// deadline stands until the caller takes it away. A context that ends closes the
// connection, also later, until stop is called.
func Dial(ctx context.Context, network, address string, timeout time.Duration) (nc net.Conn, stop func() bool, err error) {
	d := net.Dialer{Timeout: timeout}
	nc, err = d.DialContext(ctx, network, address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, nil, err
	}
	stop = context.AfterFunc(ctx, func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(timeout)) // fails on a closed connection, which reading tells
	return nc, stop, nil
}
