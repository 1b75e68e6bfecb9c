# shellcheck shell=bash
# The host's part: the packages that the lab needs, and a container engine where none answers.

# A program that the lab runs on the host, and Debian's package that has it.
host_programs='docker:docker.io dockerd:docker.io iptables:iptables debootstrap:debootstrap ssh-keygen:openssh-client openssl:openssl curl:curl'

install_host_packages() {
	local entry missing=()
	for entry in $host_programs; do
		if [ "${entry%%:*}" = dockerd ] && engine_answers; then continue; fi
		PATH=$PATH:/usr/sbin:/sbin command -v "${entry%%:*}" >/dev/null || missing+=("${entry#*:}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		die "the host has no ${missing[*]}" "install it, or run the lab as root on Debian: it installs what it needs"
	fi
	say "installing ${missing[*]}"
	{
		apt-get update -q
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
	} >"$state/apt.log" 2>&1 || die "apt-get install failed: $(tail -n 1 "$state/apt.log")" "all of it is in $state/apt.log"
}

engine_answers() { timeout 10 docker version >/dev/null 2>&1; }

# start_engine starts a dockerd only where no engine answers, and remembers it for stop_engine.
start_engine() {
	if engine_answers; then return; fi
	[ "$(id -u)" = 0 ] || die "no container engine answers" "start Docker, or run the lab as root: it starts one of its own"
	if ! pidof dockerd >/dev/null; then
		say "starting dockerd"
		rm -f /var/run/docker.pid
		PATH=$PATH:/usr/sbin:/sbin setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
		echo $! >"$state/dockerd.pid"
	fi
	wait_until 60 dockerd engine_answers
}

# gone says whether a process has ended, even if nobody has asked for its exit code yet.
gone() { ! grep -qs '^State:[[:space:]]*[^Z]' "/proc/$1/status"; }

# stop_engine ends the dockerd that start_engine started, unless somebody else's container runs in it.
stop_engine() {
	local pid
	[ -s "$state/dockerd.pid" ] || return 0
	pid=$(cat "$state/dockerd.pid")
	if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
		rm -f "$state/dockerd.pid"
		return
	fi
	if [ -n "$(docker ps -q)" ]; then
		say "dockerd (process $pid) stays: it runs containers that are not this lab's"
		return
	fi
	kill "$pid"
	wait_until 30 "dockerd's end" gone "$pid"
	rm -f "$state/dockerd.pid"
	say "dockerd stopped"
}
