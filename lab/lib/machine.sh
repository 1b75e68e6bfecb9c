# shellcheck shell=bash
# The machines: containers with systemd as process 1, and sshd published on a loopback port that stays the same.
#
# What is the machine's own and must survive a reset (its port, its SSH host key) is in $state/machines/NAME.

container() { echo "$lab-$1"; }

machine_exists() { docker inspect "$(container "$1")" >/dev/null 2>&1; }

# machines prints the names of all machines, also of those that are switched off.
machines() {
	docker ps -a --filter "label=fleet.lab=$lab" --filter label=fleet.lab.machine --format '{{.Label "fleet.lab.machine"}}' | sort -V
}

machine_port() { cat "$state/machines/$1/port"; }

start_machine() {
	if is_centos "$1"; then start_centos_mirror; fi
	if ! machine_exists "$1"; then create_machine "$1"; fi
	docker start "$(container "$1")" >/dev/null || die "$1 does not start" "its port $(machine_port "$1") may be taken: lab/machine remove $1"
}

# wait_machine returns when the machine answers to a login.
wait_machine() { wait_until 60 "$1" ssh -F "$state/ssh_config" -o ConnectTimeout=2 "$1" true; }

stop_machine() { docker stop -t 10 "$(container "$1")" >/dev/null; }

remove_machine() {
	if machine_exists "$1"; then docker rm -f -v "$(container "$1")" >/dev/null; fi
}

# machine_image prints the tag of the image that a machine of this name is made from.
machine_image() {
	if is_centos "$1"; then
		centos_image
	elif is_ansible "$1"; then
		ansible_image
	else
		image machine "$lab_dir/images/machine"
	fi
}

# create_machine makes a machine as fresh as its image. It needs neither --privileged nor a folder of the host:
# CAP_SYS_TIME and CAP_SYS_MODULE would reach the host's kernel, CAP_SYS_RESOURCE is not to be had everywhere.
create_machine() {
	local image kept=$state/machines/$1
	image=$(machine_image "$1")
	make_identity "$1"
	docker create --name "$(container "$1")" --hostname "$1" --label "fleet.lab=$lab" --label "fleet.lab.machine=$1" \
		--network "$lab" --network-alias "$1" --publish "127.0.0.1:$(machine_port "$1"):22" --publish 127.0.0.1::80 \
		--cap-add ALL --cap-drop SYS_TIME --cap-drop SYS_MODULE --cap-drop SYS_RESOURCE \
		--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
		--cgroupns private --tmpfs /run:exec --tmpfs /tmp:exec --volume /var/lib/docker "$image" >/dev/null
	(cd "$kept/root" && find . -type f -print0 | tar -c --owner=0 --group=0 --null --files-from=-) | docker cp - "$(container "$1"):/"
}

# make_identity fills $state/machines/NAME: the port, and root/, the files that the machine gets before it starts.
make_identity() {
	local kept=$state/machines/$1 ssh apt
	ssh=$kept/root/etc/ssh
	apt=$kept/root/etc/apt/apt.conf.d
	mkdir -p "$ssh"
	if ! is_centos "$1"; then
		mkdir -p "$apt"
		printf '// The mirror is in the lab, and no proxy is on the way to it.\nAcquire::http::Proxy::%s "DIRECT";\n' \
			"$mirror_name" >"$apt/91lab"
		chmod 0644 "$apt/91lab"
	fi
	if [ ! -s "$kept/port" ]; then free_port >"$kept/port"; fi
	if [ ! -s "$ssh/ssh_host_ed25519_key" ]; then
		ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$ssh/ssh_host_ed25519_key"
	fi
	mkdir -p "$kept/root/etc/lab"
	cp "$state/id_ed25519.pub" "$kept/root/etc/lab/authorized_keys"
	printf 'opspw:%s\n' "$(secret opspw 12)" >"$kept/root/etc/lab/passwords"
}

# free_port prints a loopback port that nobody listens on; known machines' ports are left out.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 10000))
		if grep -qsx "$port" "$state"/machines/*/port; then continue; fi
		if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
		echo "$port"
		return
	done
}
