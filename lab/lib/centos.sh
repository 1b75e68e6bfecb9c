# shellcheck shell=bash
# The machines of the RHEL family: centos-1, centos-2 and so on, and the mirror that they take their packages from.

centos_mirror_name=centos.lab.test

is_centos() { [[ $1 == centos-* ]]; }

# centos_image prints the tag of such a machine's image. It is built on the Debian machine's.
centos_image() {
	local machine
	machine=$(image machine "$lab_dir/images/machine")
	FLEET_LAB_BASE=$machine image centos "$lab_dir/images/centos"
}

# start_centos_mirror starts what gives out the repositories of CentOS, EPEL and docker-ce.
start_centos_mirror() {
	local name=$lab-centos-mirror image
	image=$(image centos-mirror "$lab_dir/images/centos-mirror")
	if [ "$(docker inspect --format '{{.Config.Image}}' "$name" 2>/dev/null)" != "$image" ]; then
		docker rm -f -v "$name" >/dev/null 2>&1 || true
		docker create --name "$name" --label "fleet.lab=$lab" --network "$lab" --network-alias "$centos_mirror_name" "$image" >/dev/null
	fi
	docker start "$name" >/dev/null
	wait_until 30 'the mirror of CentOS' docker exec "$name" bash -c "exec 3<>/dev/tcp/127.0.0.1/80"
}

# centos_group writes the inventory's group of such machines: where their packages are, and nothing else.
centos_group() {
	local machine found=
	for machine in $(machines); do
		if is_centos "$machine"; then found+="        $machine:"$'\n'; fi
	done
	[ -n "$found" ] || return 0
	cat <<-END
		    centos:
		      vars:
		        docker_source: docker-ce
		        docker_mirror: http://$centos_mirror_name/docker-ce
		        centos_base_repository: http://$centos_mirror_name/repo/Centos-9.repo
		      hosts:
	END
	printf '%s' "$found"
}
