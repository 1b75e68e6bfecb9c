package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	format "fleet/internal/jinja/vault"
	"fleet/internal/outfile"
	"fleet/internal/source"
)

// ReadPlain returns what is to be encrypted: a file, or what in holds for "-".
func ReadPlain(name string, in io.Reader) ([]byte, error) {
	data, err := read(name, in)
	if err == nil && format.IsVault(string(data)) {
		err = &source.Error{Msg: title(name) + " is encrypted already", Hint: "fleet vault rekey gives it another password"}
	}
	return data, err
}

// ReadVault returns a vault: a file, or what in holds for "-".
func ReadVault(name string, in io.Reader) (string, error) {
	data, err := read(name, in)
	if err == nil && !format.IsVault(string(data)) {
		err = &source.Error{Msg: title(name) + " is not encrypted", Hint: `a vault starts with "$ANSIBLE_VAULT;"`}
	}
	return string(data), err
}

func read(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	data, err := source.ReadFile(name)
	return data, plainError("cannot read", name, err)
}

func title(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// plainError says what could not be done, without naming a file twice.
func plainError(what, name string, err error) error {
	if err == nil {
		return nil
	}
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return &source.Error{Msg: fmt.Sprintf("%s %s: %v", what, name, err), Err: err}
}

// Write puts data into a file as a whole or not at all. A file that is there keeps
// its mode and owner, and its place where the name is a symbolic link; a new one is
// its owner's alone.
func Write(name string, data []byte) error {
	return plainError("cannot write", name, write(name, data))
}

func write(name string, data []byte) error {
	f, err := outfile.Create(name, 0o600)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Keep()
}
