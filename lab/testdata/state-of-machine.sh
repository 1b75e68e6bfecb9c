# Prints what a machine is, a line a thing, so that two listings can be compared: files, packages, accounts, units,
# containers. It runs as root, and writes nothing.
set -u
export LC_ALL=C
cd /
find etc home opt root srv usr/local mnt var/www \
	\( -path 'root/.ansible*' -o -path home/ops/.ansible -o -path home/ops/state -o -path '*/.cache' -o -path etc/ld.so.cache -o -path etc/mtab -o -path 'etc/*shadow*' -o -path 'etc/passwd*' -o -path 'etc/group*' -o -path etc/docker/key.json \
	-o -path '*/__pycache__' -o -path '*/.git/index' -o -path 'etc/apt/sources.list.d/.*' \) -prune -o \
	! -type f -printf 'file /%p %y %m %u %g %l\n' -o -printf 'file /%p f %m %u %g ' -exec sh -c 'sha256sum <"$1" | cut -c1-16' - {} \; 2>/dev/null
dpkg-query -W -f 'package ${Package} ${Status}\n'
dpkg --get-selections | sed 's/^/selection /'
# The numbers of system accounts depend on what was installed before.
getent passwd | awk -F: '{ if ($3 < 1000) $3 = $4 = ""; print "user", $0 }'
getent group | awk -F: '{ if ($3 < 1000) $3 = ""; print "group", $0 }'
getent shadow | grep -v ^opspw: | sed 's/^/password /'
for crontab in var/spool/cron/crontabs/*; do
	[ ! -f "$crontab" ] || grep -v '^# \((\|DO NOT\)' "$crontab" | sed "s#^#cron ${crontab##*/} #"
done
if [ -d /run/systemd/system ]; then
	systemctl list-unit-files --no-legend --plain --type=service,timer,socket --state=enabled,disabled,masked | awk '{print "unit", $1, $2}'
	systemctl list-units --no-legend --plain --type=service --state=running | awk '$1 !~ /^systemd-(hostnamed|timedated|localed)/ {print "running", $1}'
fi
awk '{print "mount", $2, $3}' /proc/mounts | grep -v ' /\(proc\|sys\|dev\|run\)' | grep -v docker
if [ -S /run/docker.sock ]; then
	docker ps -a --format 'container {{.Names}} {{.Image}} {{.State}} {{.Ports}}'
	docker network ls --format 'network {{.Name}} {{.Driver}}'
	docker volume ls --format 'volume {{.Name}} {{.Driver}}'
fi
