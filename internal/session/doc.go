// Package session is the controller's end of one helper: handshake, calls,
// streamed output, the files that the helper asks for, and cancel. It trusts
// nothing that the helper says: every size is bounded, and a file is named by
// its place in the call's own list only.
package session
