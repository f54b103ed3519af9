#!/bin/sh
# The networking tutorial of Docker's documentation, with the words as they are there:
#
#     examples/tutorial.sh [docker | dataplane]
#
# with a daemon that answers at $DOCKER_HOST (docker) or $DATAPLANE_HOST (dataplane). It asserts what it says; the first line that does
# not hold ends it. With a parent interface in $PARENT it goes on with macvlan.
set -eu
engine=${1:-docker}

say() { printf '\n== %s\n' "$*"; }
holds() { # a sentence, then a command that has to succeed
    sentence=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "ok: $sentence"; else
        echo "NOT so: $sentence ($*)" >&2
        exit 1
    fi
}
address() { "$engine" exec "$1" ip -o -4 address show dev "$2" | grep -q " $3/"; }
clean() {
    # shellcheck disable=SC2046
    "$engine" rm -f networktest web db lonely at-home outside >/dev/null 2>&1 || true
    "$engine" network rm my_network lan pub_net >/dev/null 2>&1 || true
}
trap clean EXIT
clean

say 'The networks of a fresh daemon'
"$engine" network ls
holds 'there are bridge, host and none' test "$("$engine" network ls -q | wc -l)" -ge 3

say 'A container on the default network'
"$engine" network inspect bridge
"$engine" run -itd --name=networktest host
"$engine" network inspect bridge
holds 'the bridge knows it' sh -c "$engine network inspect bridge | grep -q networktest"
holds 'networktest is 172.17.0.2 on eth0' address networktest eth0 172.17.0.2

say 'Out of one network'
"$engine" network disconnect bridge networktest
holds 'the bridge knows it no more' sh -c "! $engine network inspect bridge | grep -q networktest"
"$engine" network connect bridge networktest

say 'Networks of our own'
"$engine" network create --driver bridge my_network
"$engine" network inspect my_network
"$engine" network create --subnet 192.168.1.0/24 lan
"$engine" network ls
holds 'nobody has a name twice' sh -c "! $engine network create my_network"

say 'Containers on them'
"$engine" run -d --network=my_network --name db host sleep 1000
"$engine" run -itd --name web -p 8080:80 host sleep 1000
holds 'web and db do not see each other' sh -c "! $engine exec web ping -c1 -W1 172.18.0.2"
"$engine" network connect my_network web
holds 'web is 172.17.0.3 on eth0' address web eth0 172.17.0.3
holds 'web is 172.18.0.3 on eth1' address web eth1 172.18.0.3
holds 'now web reaches db by name' "$engine" exec web ping -c1 -W2 db
"$engine" network connect --alias store my_network networktest
holds 'networktest is 172.17.0.2 on eth0' address networktest eth0 172.17.0.2
holds 'networktest is 172.18.0.4 on eth1' address networktest eth1 172.18.0.4
holds 'db reaches it by its name' "$engine" exec db ping -c1 -W2 networktest
holds 'and by its alias' "$engine" exec db ping -c1 -W2 store
"$engine" network disconnect my_network networktest
holds 'and no more' sh -c "! $engine exec db ping -c1 -W1 networktest"
"$engine" inspect networktest
"$engine" port web
holds 'port 80 of web is 8080 of this host' sh -c "$engine port web | grep -q '80/tcp -> 0.0.0.0:8080'"

say 'host and none'
"$engine" run -d --name at-home --network host host sleep 1000
holds 'it has the interfaces of this host' sh -c "$engine exec at-home ls /sys/class/net | grep -qx lo"
"$engine" run -d --name lonely --network none host sleep 1000
holds 'it has lo alone' sh -c "test \"\$($engine exec lonely ls /sys/class/net)\" = lo"

if [ -n "${PARENT:-}" ]; then
    say "macvlan on $PARENT"
    "$engine" network create -d macvlan --subnet=172.16.86.0/24 --gateway=172.16.86.1 -o parent="$PARENT" pub_net
    "$engine" run -itd --network pub_net --ip 172.16.86.10 --name outside host sleep 1000
    holds 'it is where it was asked to be' address outside eth0 172.16.86.10
fi

say 'Away with all of it'
"$engine" network prune -f
clean
holds 'what is left is what was there' sh -c "! $engine network inspect my_network"
