package inventory

import (
	"errors"
	"strings"

	"fleet/internal/source"
)

// hostList reads "web1,web[2:5],". As in Ansible a name whose range has no sense
// stays as it is, with a warning.
func (r *reader) hostList(list string) {
	r.file, r.dir = list, ""
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		base, _ := SplitPort(name)
		var bad rangeError
		if _, err := expand(base); errors.As(err, &bad) {
			r.warn(source.Errorf(source.Pos{}, "Unable to parse address from hostname, leaving unchanged: %q: %w", name, err))
			r.named(name, source.Pos{}, r.inv.groups["ungrouped"])
			continue
		}
		before := len(r.errs)
		r.hosts(name, source.Pos{}, r.inv.groups["ungrouped"])
		for i := before; i < len(r.errs); i++ {
			r.errs[i] = source.Errorf(source.Pos{}, "Failed to parse %s with advanced_host_list: %w", list, r.errs[i]).
				WithHint("%s", source.HintOf(r.errs[i]))
		}
	}
}
