# shellcheck shell=bash
# The mirror of Docker's packages: a signed repository as the cloud's mirror has it, in the lab's own network.

mirror_name=mirror.lab.test

# start_mirror starts the mirror, and writes the variables that make the playbook use it to $state/mirror.yaml.
start_mirror() {
	local name=$lab-mirror image
	image=$(image mirror "$lab_dir/images/mirror")
	if [ "$(docker inspect --format '{{.Config.Image}}' "$name" 2>/dev/null)" != "$image" ]; then
		stop_mirror
		docker create --name "$name" --label "fleet.lab=$lab" --network "$lab" --network-alias "$mirror_name" "$image" >/dev/null
	fi
	docker start "$name" >/dev/null
	wait_until 30 'the mirror' docker exec "$name" bash -c "exec 3<>/dev/tcp/127.0.0.1/80"
	printf '%s\n' '# Written by lab/mirror.' 'docker_source: docker-ce' "docker_mirror: http://$mirror_name" >"$state/mirror.yaml"
}

stop_mirror() {
	docker rm -f -v "$lab-mirror" >/dev/null 2>&1 || true
	rm -f "$state/mirror.yaml"
}
