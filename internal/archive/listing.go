package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Listing is what is in an archive, without the bytes. It is enough to see
// whether a folder has it all.
type Listing struct {
	Form    string   `json:"form"` // its name
	Members []Member `json:"members"`
}

// maxListed bounds the members of a listing.
const maxListed = 100_000

// List lists the archive in a file. It fails for one that has to be decompressed
// by a program, or has too many members.
func List(path string) (Listing, error) {
	f, err := os.Open(path)
	if err != nil {
		return Listing{}, err
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	f.Close()
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Listing{}, err
	}
	form := FormOf(head[:n])
	if form.Program != "" {
		return Listing{}, fmt.Errorf("%s has to decompress it", form.Program)
	}
	l := Listing{Form: form.Name}
	err = form.Each(path, func(mb Member, _ io.Reader) error {
		if len(l.Members) >= maxListed {
			return fmt.Errorf("it has more than %d members", maxListed)
		}
		l.Members = append(l.Members, mb)
		return nil
	})
	return l, err
}
