package sys

import "fmt"

// Messagef is fmt.Errorf for what Ansible's module says word by word: playbooks
// look for these sentences in a result's msg, so that they begin and end as they
// do there.
func Messagef(format string, args ...any) error { return fmt.Errorf(format, args...) }
