# shellcheck shell=bash
# The machines ansible-1, ansible-2 and so on: Debians on which Ansible itself is installed, for tests that hold
# what it does to a machine against what fleet does to that machine's twin.

is_ansible() { [[ $1 == ansible-* ]]; }

# ansible_image prints the tag of such a machine's image. It is built on the Debian machine's.
ansible_image() {
	local machine
	machine=$(image machine "$lab_dir/images/machine")
	FLEET_LAB_BASE=$machine image ansible "$lab_dir/images/ansible"
}
