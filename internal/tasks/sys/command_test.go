package sys

import (
	"context"
	"strings"
	"testing"
)

func TestAloneIsASessionOfItsOwn(t *testing.T) {
	script := "read word; echo $word; echo $$; cut -d' ' -f6 /proc/$$/stat"
	out, err := (&Machine{}).Run(context.Background(), Command{Argv: []string{"sh", "-c", script}, Stdin: []byte("said\n"), Alone: true})
	f := strings.Fields(out.Stdout)
	if err != nil || len(f) != 3 || f[0] != "said" || f[1] != f[2] {
		t.Errorf("got %+v, %v", out, err)
	}
}
