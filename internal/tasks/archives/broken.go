package archives

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// broken says in the operator's words what is wrong with an archive. Other
// errors stay as they are.
func broken(err error) error {
	var corrupt flate.CorruptInputError
	var structure bzip2.StructuralError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("it ends too early, a part of it is missing")
	case errors.Is(err, zip.ErrAlgorithm):
		return errors.New("it is compressed in a way that fleet cannot unpack\nhint: deflate is the usual one")
	case errors.As(err, &corrupt), errors.As(err, &structure), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum),
		errors.Is(err, tar.ErrHeader), errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum):
		err = errors.New("it is damaged")
	default:
		return outside(err)
	}
	return fmt.Errorf("%w\nhint: compare its size and digest with those of the original, and fetch it again", err)
}

// outside gives Go's words for a name that leads out of an open folder a meaning.
func outside(err error) error {
	const escapes = "path escapes from parent"
	if before, ok := strings.CutSuffix(err.Error(), escapes); ok {
		return fmt.Errorf("%sit leads out of dest by a link", before)
	}
	return err
}
