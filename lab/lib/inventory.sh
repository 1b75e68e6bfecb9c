# shellcheck shell=bash
# What the lab tells the outside: an inventory for fleet, and a configuration and known hosts for ssh.

make_login_key() {
	if [ ! -s "$state/id_ed25519" ]; then ssh-keygen -q -t ed25519 -N '' -C "$lab" -f "$state/id_ed25519"; fi
}

write_ssh_files() {
	local machine
	: >"$state/ssh_config.new"
	: >"$state/known_hosts.new"
	for machine in $(machines); do
		cat >>"$state/ssh_config.new" <<-END
			Host $machine
			  HostName 127.0.0.1
			  Port $(machine_port "$machine")
		END
		printf '[127.0.0.1]:%s %s\n' "$(machine_port "$machine")" \
			"$(cut -d' ' -f1,2 "$state/machines/$machine/root/etc/ssh/ssh_host_ed25519_key.pub")" >>"$state/known_hosts.new"
	done
	cat >>"$state/ssh_config.new" <<-END
		Host *
		  User ops
		  IdentityFile "$state/id_ed25519"
		  IdentitiesOnly yes
		  UserKnownHostsFile "$state/known_hosts"
		  StrictHostKeyChecking yes
		  BatchMode yes
	END
	mv "$state/ssh_config.new" "$state/ssh_config"
	mv "$state/known_hosts.new" "$state/known_hosts"
}

# write_inventory writes variables and nothing else: the playbook that runs in the lab is the one that runs in the cloud.
write_inventory() {
	local machine
	cat >"$state/inventory.yaml.new" <<-END
		# Written by lab/up. The passwords were made at random for this lab.
		all:
		  vars:
		    ansible_user: ops
		    ansible_ssh_private_key_file: $state/id_ed25519
		    ansible_ssh_common_args: -o UserKnownHostsFile=$state/known_hosts
		    docker_source: distribution
		    docker_recommends: false
		    registry_address: $registry_name
		    registry_namespace: $namespace
		    registry_username: "$registry_user"
		    registry_password: "$(secret registry 16)"
		    registry_ca_file: $state/registry/ca.crt
		    mysql_root_password: "$(secret mysql 12)"
		    redis_password: "$(secret redis 12)"
		    todo_copies: ${FLEET_LAB_COPIES:-10}
		  children:
		    todo:
		      hosts:
	END
	for machine in $(machines); do
		printf '        %s: {ansible_host: 127.0.0.1, ansible_port: %s}\n' "$machine" "$(machine_port "$machine")"
	done >>"$state/inventory.yaml.new"
	centos_group >>"$state/inventory.yaml.new"
	mv "$state/inventory.yaml.new" "$state/inventory.yaml"
}
