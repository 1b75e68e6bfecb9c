package inventory

import (
	"sync"

	"fleet/internal/source"
)

// Inventory is the hosts and groups of one run. It always has the groups "all"
// and "ungrouped". It is safe for concurrent use; what its methods return are
// copies.
type Inventory struct {
	mu        sync.RWMutex
	hosts     map[string]*host
	hostList  []*host // in the order of definition
	groups    map[string]*group
	groupList []*group
	local     *host // the host that stands for the controller, once there is one
	dirs      []string
	warnings  []error
	names     GroupNames
	unread    bool

	folders varFolders

	read  func() (*Inventory, error) // from its sources
	added []func(*Inventory)         // what was added at run time, in order
}

// Host is one machine.
type Host struct {
	Name     string
	Pos      source.Pos // where it is first named; zero for one added at run time
	File     string     // the inventory file that first names it ("inventory_file")
	Dir      string     // that file's folder ("inventory_dir")
	Implicit bool       // localhost that no inventory names
}

// Group is a set of hosts and of further groups.
type Group struct {
	Name     string
	Written  string // the name as an inventory or a task has it, where Name was made valid
	Pos      source.Pos
	Children []string // direct child groups, in the order of definition
	Parents  []string
	Hosts    []string // direct hosts, in the order of definition
	Depth    int      // 0 for all; one more than the deepest parent
	Priority int      // ansible_group_priority; 1 by default
}

type host struct {
	Host
	groups []*group // in which it is directly
	vars   []Layer
}

type group struct {
	Group
	children, parents []*group
	hosts             []*host
	vars              []Layer
}

// Kind says which step of the variable precedence a layer belongs to.
type Kind int

// The kinds of layers, the weakest first.
const (
	AllInventory   Kind = iota + 1 // vars of the group all in an inventory
	GroupInventory                 // vars of another group in an inventory
	AllFiles                       // group_vars/all beside an inventory
	AllPlaybook                    // group_vars/all beside the playbook
	GroupFiles                     // group_vars/NAME beside an inventory
	GroupPlaybook                  // group_vars/NAME beside the playbook
	HostInventory                  // vars of the host in an inventory
	HostFiles                      // host_vars/NAME beside an inventory
	HostPlaybook                   // host_vars/NAME beside the playbook
)

// Layer is some variables of a host, and where they stand.
type Layer struct {
	Kind   Kind
	Origin string      // for people: "group_vars/all.yaml", "inventory.yaml: group web"
	Vars   source.Node // a mapping
}

// Selection is what host patterns come to.
type Selection struct {
	Hosts   []string
	Unknown []Unknown // patterns that match no host and no group
}

// Unknown is a pattern that nothing answers to.
type Unknown struct {
	Pattern string
	Hint    string // did you mean "web1"?
}
