# shellcheck shell=bash
# The registry: TLS by the lab's own certificate authority, one user whose name is a number, and the three images.

start_registry() {
	local name=$lab-registry image
	make_certificates
	if ! docker inspect "$name" >/dev/null 2>&1; then create_registry "$name"; fi
	docker start "$name" >/dev/null
	wait_until 30 'the registry' from_registry ''
	image=$(image redis "$lab_dir/images/redis")
	push_image redis 7.4.0 "$image"
	image=$(image mysql "$lab_dir/images/mysql")
	push_image mysql 8.0.39 "$image"
	image=$(todo_image)
	push_image todo v2 "$image"
}

create_registry() {
	local image
	image=$(image registry "$lab_dir/images/registry")
	docker volume create --label "fleet.lab=$lab" "$lab-registry" >/dev/null
	secret registry 16 | docker run --rm -i "$image" htpasswd -Bin "$registry_user" >"$state/registry/htpasswd"
	docker create --name "$1" --label "fleet.lab=$lab" --network "$lab" --network-alias "$registry_name" \
		--publish 127.0.0.1::443 --volume "$lab-registry:/var/lib/registry" "$image" >/dev/null
	for file in server.crt server.key htpasswd; do
		docker cp "$state/registry/$file" "$1:/etc/lab/$file" >/dev/null 2>&1
	done
}

# make_certificates makes the authority and the registry's certificate, the first time.
make_certificates() {
	local folder=$state/registry
	[ ! -s "$folder/server.crt" ] || return 0
	mkdir -p "$folder"
	{
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=fleet lab authority' \
			-keyout "$folder/ca.key" -out "$folder/ca.crt"
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$registry_name" \
			-keyout "$folder/server.key" -out "$folder/server.csr"
		printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\n' "$registry_name" >"$folder/server.ext"
		openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 3650 \
			-extfile "$folder/server.ext" -out "$folder/server.crt"
	} >"$state/openssl.log" 2>&1 || die "no certificate for the registry" "the reason is in $state/openssl.log"
}

# registry_address is where the host reaches the registry: 127.0.0.1 and a port that the engine chose.
registry_address() { docker port "$lab-registry" 443/tcp | head -n 1; }

# from_registry PATH: what the registry's API answers, headers included.
from_registry() {
	printf 'machine 127.0.0.1 login %s password %s\n' "$registry_user" "$(secret registry 16)" >"$state/registry/netrc"
	curl -sSif --max-time 10 --cacert "$state/registry/ca.crt" --netrc-file "$state/registry/netrc" \
		-H 'Accept: application/vnd.docker.distribution.manifest.v2+json' "https://$(registry_address)/v2/$1"
}

# push_image NAME TAG IMAGE: does nothing where the registry holds that very image.
push_image() {
	local id target log=$state/push.log
	id=$(docker image inspect --format '{{.Id}}' "$3")
	if from_registry "$namespace/$1/manifests/$2" 2>/dev/null | grep -q "$id"; then return; fi
	say "pushing $namespace/$1:$2"
	target=$(registry_address)/$namespace/$1:$2
	docker tag "$3" "$target"
	{
		secret registry 16 | docker --config "$state/docker" login --username "$registry_user" --password-stdin "$(registry_address)" &&
			docker --config "$state/docker" push "$target"
	} >"$log" 2>&1 || die "cannot push $target: $(tail -n 1 "$log")" "all of it is in $log"
	docker rmi "$target" >/dev/null
}
