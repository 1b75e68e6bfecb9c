# shellcheck shell=bash
# The images: one Debian root by debootstrap, and on it the machine, the registry and the three images of the
# todo service. Each is kept as fleet-lab/NAME:HASH, where the hash is of everything that went into it.

suite=bookworm

# The host's own Debian mirror where the host is the same Debian, else the default one.
host_is_suite() { grep -qs "^VERSION_CODENAME=$suite" /etc/os-release; }

mirror() {
	local found=
	if host_is_suite; then
		found=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
			grep -E '^(URIs:|deb )' | grep -oE 'https?://[^ ]+' | head -n 1) || true
	fi
	echo "${found:-http://deb.debian.org/debian}"
}

# apt_sources prints the file that goes to /etc/apt/sources.list.d/debian.sources of the root.
apt_sources() {
	if host_is_suite && [ -f /etc/apt/sources.list.d/debian.sources ]; then
		cat /etc/apt/sources.list.d/debian.sources
		return
	fi
	printf '%s\n' 'Types: deb' "URIs: $(mirror)" "Suites: $suite $suite-updates" 'Components: main' \
		'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg'
}

# apt_settings prints the root's apt configuration: the host's proxies, if it has any.
apt_settings() {
	local scheme proxy
	for scheme in http https; do
		proxy=$(apt-config dump --format '%v' "Acquire::$scheme::Proxy" 2>/dev/null) || true
		if [ -n "$proxy" ]; then echo "Acquire::$scheme::Proxy \"$proxy\";"; fi
	done
}

digest() { sha256sum | cut -c1-16; }

have_image() { docker image inspect "$1" >/dev/null 2>&1; }

# base prints the tag of the Debian root, and builds it where it is not there. A ready image can be given in
# FLEET_LAB_BASE: for hosts where debootstrap cannot run, such as Docker Desktop's.
base() {
	local tag root
	if [ -n "${FLEET_LAB_BASE:-}" ]; then
		echo "$FLEET_LAB_BASE"
		return
	fi
	tag=fleet-lab/base:$({ cat "$lab_dir/lib/image.sh"; apt_sources; apt_settings; } | digest)
	if ! have_image "$tag"; then
		[ "$(id -u)" = 0 ] || die "debootstrap needs root" "or name a ready image: FLEET_LAB_BASE=debian:$suite-slim"
		say "building the Debian root, about a minute (only the first time)"
		root=$state/root
		rm -rf "$root"
		build_root "$root" >"$state/debootstrap.log" 2>&1 ||
			die "debootstrap failed: $(tail -n 1 "$state/debootstrap.log")" "all of it is in $state/debootstrap.log"
		tar -C "$root" -c . | docker import - "$tag" >/dev/null
		rm -rf "$root"
	fi
	echo "$tag"
}

build_root() {
	(
		umask 022
		mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
		printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
			'path-exclude=/usr/share/locale/*' >"$1/etc/dpkg/dpkg.cfg.d/lab"
		PATH=$PATH:/usr/sbin:/sbin debootstrap --variant=minbase --include=ca-certificates "$suite" "$1" "$(mirror)"
		rm -f "$1/etc/apt/sources.list" "$1"/var/lib/apt/lists/*_* "$1"/var/cache/apt/archives/*.deb
		apt_sources >"$1/etc/apt/sources.list.d/debian.sources"
		apt_settings >"$1/etc/apt/apt.conf.d/90lab"
	)
}

# image NAME FOLDER: prints the tag of the image that FOLDER/Dockerfile makes, and builds it where it is not there.
image() {
	local name=$1 folder=$2 from tag
	from=$(base)
	tag=fleet-lab/$name:$({ echo "$from"; find "$folder" -type f | LC_ALL=C sort | xargs sha256sum; } | sed "s#$folder##" | digest)
	if ! have_image "$tag"; then
		say "building the image $name"
		DOCKER_BUILDKIT=0 docker build --network host --force-rm --build-arg "BASE=$from" --tag "$tag" "$folder" \
			>"$state/build-$name.log" 2>&1 || die "the image $name was not built" "the reason is in $state/build-$name.log"
	fi
	echo "$tag"
}

# todo_image builds the todo service of lab/todo for the engine's architecture, and its image.
todo_image() {
	local context=$state/todo
	mkdir -p "$context"
	(
		cd "$lab_dir/todo"
		CGO_ENABLED=0 GOOS=linux GOARCH=$(docker version --format '{{.Server.Arch}}') GOWORK=off \
			go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$context/todo" .
	) || die "the todo service does not build" "try: cd lab/todo && go build ."
	cp "$lab_dir/todo/Dockerfile" "$context/"
	image todo "$context"
}
