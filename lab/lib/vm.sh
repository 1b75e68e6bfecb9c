# shellcheck shell=bash
# The virtual machine: a Debian by debootstrap on an ext4 disk, with its own kernel and with SELinux enforcing.
#
# $state/vm has the disk and the kernel, which are built anew when this file or the host's apt settings change, and what
# belongs to the machine that runs: its process, its port, its console.

vm=$state/vm
vm_packages='linux-image-cloud-amd64 initramfs-tools zstd systemd systemd-sysv dbus udev ifupdown iproute2 procps netbase sudo
	openssh-server firewalld nftables selinux-basics selinux-policy-default selinux-utils policycoreutils'

install_vm_packages() {
	local host_programs='qemu-system-x86_64:qemu-system-x86 debootstrap:debootstrap mke2fs:e2fsprogs ssh-keygen:openssh-client'
	install_host_packages
}

build_disk() {
	local recipe root=$vm/root
	recipe=$({ cat "$lab_dir/lib/vm.sh"; apt_sources; apt_settings; } | digest)
	mkdir -p "$vm"
	[ "$(cat "$vm/recipe" 2>/dev/null)" != "$recipe" ] || return 0
	[ "$(id -u)" = 0 ] || die "debootstrap needs root" "only the first lab/vm up builds the disk"
	! vm_runs || die "the virtual machine runs from a disk of another recipe" "end it: lab/vm down"
	say "building the virtual machine's disk, a few minutes (only the first time)"
	rm -rf "$root" "$vm/recipe"
	make_vm_keys
	# A process of its own: within && and || bash does not stop at a command that fails.
	"$lab_dir/vm" disk >"$vm/build.log" 2>&1 ||
		die "the disk was not built: $(tail -n 1 "$vm/build.log")" "all of it is in $vm/build.log"
	rm -rf "$root"
	echo "$recipe" >"$vm/recipe"
}

make_vm_keys() {
	local name
	for name in login host; do
		[ -s "$vm/$name" ] || ssh-keygen -q -t ed25519 -N '' -C "$lab" -f "$vm/$name"
	done
}

# in_root ROOT COMMAND…: runs it as if ROOT were /. /proc, which setfiles and apt need, is mounted for it alone.
in_root() {
	local root=$1
	shift
	# shellcheck disable=SC2016
	unshare --mount sh -ec 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"' "$root" "$@"
}

build_vm_root() (
	umask 022
	build_root "$1"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # start no services
	chmod 0755 "$1/usr/sbin/policy-rc.d"
	in_root "$1" apt-get update -q
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive in_root "$1" apt-get install -y -q --no-install-recommends $vm_packages
	rm -rf "$1/usr/sbin/policy-rc.d" "$1"/var/lib/apt/lists/*_* "$1"/var/cache/apt/archives/*.deb
)

# configure_vm_root: a user whose sudo asks for nothing, the network that QEMU gives, SELinux enforcing, firewalld on.
configure_vm_root() (
	umask 022
	cp "$vm/host" "$vm/host.pub" "$1/etc/ssh/"
	rm -f "$1"/etc/ssh/ssh_host_*
	mv "$1/etc/ssh/host" "$1/etc/ssh/ssh_host_ed25519_key"
	mv "$1/etc/ssh/host.pub" "$1/etc/ssh/ssh_host_ed25519_key.pub"
	printf '%s\n' 'UseDNS no' 'HostKey /etc/ssh/ssh_host_ed25519_key' >"$1/etc/ssh/sshd_config.d/lab.conf"
	chroot "$1" useradd --create-home --shell /bin/bash ops
	install -d -m 0700 "$1/home/ops/.ssh"
	install -m 0600 "$vm/login.pub" "$1/home/ops/.ssh/authorized_keys"
	chroot "$1" chown -R ops:ops /home/ops
	echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/ops"
	chmod 0440 "$1/etc/sudoers.d/ops"
	printf '%s\n' 'auto lo' 'iface lo inet loopback' 'auto eth0' 'iface eth0 inet static' '  address 10.0.2.15/24' \
		'  gateway 10.0.2.2' >"$1/etc/network/interfaces"
	echo vm >"$1/etc/hostname"
	printf '127.0.0.1 localhost vm\n' >"$1/etc/hosts"
	echo '/dev/vda / ext4 defaults 0 1' >"$1/etc/fstab"
	: >"$1/etc/machine-id"
	printf 'SELINUX=enforcing\nSELINUXTYPE=default\n' >"$1/etc/selinux/config"
	chroot "$1" systemctl enable firewalld
	chroot "$1" systemctl mask apt-daily.timer apt-daily-upgrade.timer systemd-firstboot.service
)

# label_vm_root gives each file its SELinux context: mke2fs copies them with the other extended attributes.
label_vm_root() { in_root "$1" setfiles -F /etc/selinux/default/contexts/files/file_contexts /; }

make_disk() {
	cp "$1"/boot/vmlinuz-* "$vm/kernel"
	cp "$1"/boot/initrd.img-* "$vm/initrd"
	rm -f "$vm/disk"
	mke2fs -q -t ext4 -d "$1" "$vm/disk" 3G
}

# start_vm starts the machine on a disk that forgets what is written (snapshot=on) when its process ends.
start_vm() {
	local port
	if vm_runs; then return; fi
	port=$(free_port)
	write_vm_files "$port"
	setsid qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 2 -display none -monitor none \
		-serial "file:$vm/console.log" -kernel "$vm/kernel" -initrd "$vm/initrd" \
		-append 'root=/dev/vda rw console=ttyS0 net.ifnames=0 selinux=1 security=selinux' \
		-drive "file=$vm/disk,format=raw,if=virtio,snapshot=on" -nic "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:$port-:22" \
		>"$vm/qemu.log" 2>&1 </dev/null &
	echo $! >"$vm/pid"
	wait_vm
}

# wait_vm returns when the machine answers to a login.
wait_vm() {
	local deadline=$((SECONDS + ${FLEET_VM_WAIT:-300}))
	until ssh -F "$vm/ssh_config" vm true 2>"$vm/ssh.log"; do
		vm_runs || die "qemu has ended: $(tail -n 1 "$vm/qemu.log")"
		[ "$SECONDS" -lt "$deadline" ] ||
			die "the virtual machine does not answer: $(tail -n 1 "$vm/ssh.log")" "its console is in $vm/console.log; lab/vm down ends it"
		sleep 1
	done
	# Whether all units run is not asked: it waits until none is still starting.
	ssh -F "$vm/ssh_config" vm timeout 120 systemctl is-system-running --wait >/dev/null || true
}

write_vm_files() {
	local end='127.0.0.1'
	printf '[%s]:%s %s\n' "$end" "$1" "$(cut -d' ' -f1,2 "$vm/host.pub")" >"$vm/known_hosts"
	cat >"$vm/ssh_config" <<-END
		Host vm
		  HostName $end
		  Port $1
		  User ops
		  IdentityFile "$vm/login"
		  IdentitiesOnly yes
		  UserKnownHostsFile "$vm/known_hosts"
		  StrictHostKeyChecking yes
		  BatchMode yes
		  ConnectTimeout 10
		  LogLevel ERROR
	END
	cat >"$vm/inventory.yaml" <<-END
		# Written by lab/vm.
		all:
		  vars:
		    ansible_user: ops
		    ansible_ssh_private_key_file: $vm/login
		    ansible_ssh_common_args: -o UserKnownHostsFile=$vm/known_hosts
		  hosts:
		    vm: {ansible_host: $end, ansible_port: $1}
	END
}

vm_runs() {
	local pid
	pid=$(cat "$vm/pid" 2>/dev/null) && [[ $(cat "/proc/$pid/comm" 2>/dev/null) == qemu-system* ]] && ! gone "$pid"
}

stop_vm() {
	if vm_runs; then
		kill "$(cat "$vm/pid")"
		wait_until 30 "the virtual machine's end" gone "$(cat "$vm/pid")"
	fi
	rm -f "$vm/pid"
}
