# shellcheck shell=bash source-path=SCRIPTDIR/..
# What every script of the lab starts with: its names and its state folder.
#
# Everything that the lab makes in the engine carries the label fleet.lab=$lab, and $lab is made from the
# clone's own path, so that two clones on one machine have two labs that do not see each other.

set -euo pipefail

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
state=$lab_dir/.state
lab=fleet-lab-$(printf '%s' "$lab_dir" | cksum | cut -d' ' -f1)
registry_name=registry.lab.test
namespace=troml
registry_user=100000000001

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
	printf 'lab: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
	exit 1
}

# secret FILE LENGTH: prints the secret kept in the state folder under that name, made at random the first time.
secret() {
	local file=$state/secrets/$1
	if [ ! -s "$file" ]; then
		mkdir -p "$state/secrets"
		openssl rand -hex "$2" >"$file"
	fi
	cat "$file"
}

# wait_until SECONDS WHAT COMMAND…: runs the command five times a second until it succeeds; dies when the time is over.
wait_until() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || die "$what: no answer in time" "the last lines of $state/dockerd.log and of 'docker logs' may say why"
		sleep 0.2
	done
}

umask 077
mkdir -p "$state"

# shellcheck source=lib/engine.sh
. "$lab_dir/lib/engine.sh"
# shellcheck source=lib/image.sh
. "$lab_dir/lib/image.sh"
# shellcheck source=lib/registry.sh
. "$lab_dir/lib/registry.sh"
# shellcheck source=lib/mirror.sh
. "$lab_dir/lib/mirror.sh"
# shellcheck source=lib/centos.sh
. "$lab_dir/lib/centos.sh"
# shellcheck source=lib/ansible.sh
. "$lab_dir/lib/ansible.sh"
# shellcheck source=lib/machine.sh
. "$lab_dir/lib/machine.sh"
# shellcheck source=lib/inventory.sh
. "$lab_dir/lib/inventory.sh"
