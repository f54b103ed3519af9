#!/bin/sh
# Docker's network tutorial, from the first `network ls` to macvlan, on a dataplane daemon. Every step is checked.
#
#   dataplane daemon &                                   # as root; or --socket PATH --state DIR
#   sh examples/tutorial.sh dataplane                    # with our own command line (DATAPLANE_HOST says where the daemon is)
#   DOCKER_HOST=unix:///run/dataplane.sock sh examples/tutorial.sh docker
#
# The daemon must be fresh: the addresses that the tutorial names are those that come first. PORT is the published one (8080).
set -eu
docker=${1:-dataplane}
port=${PORT:-8080}

say() { printf '\n# %s\n' "$*"; }
run() { # the command line, shown and run
    printf '$ %s %s\n' "$docker" "$*"
    "$docker" "$@"
}
see() { # see TEXT COMMAND…: it prints TEXT
    wanted=$1
    shift
    printf '$ %s %s\n' "$docker" "$*"
    said=$("$docker" "$@" 2>&1) || { printf '%s\n' "$said" "FAILED: status $?"; exit 1; }
    printf '%s\n' "$said"
    case $said in *"$wanted"*) ;; *) echo "FAILED: it does not say: $wanted"; exit 1 ;; esac
}
refuse() { # refuse TEXT COMMAND…: it fails, and says TEXT
    wanted=$1
    shift
    printf '$ %s %s\n' "$docker" "$*"
    if said=$("$docker" "$@" 2>&1); then echo "FAILED: it worked"; exit 1; fi
    printf '%s\n' "$said"
    case $said in *"$wanted"*) ;; *) echo "FAILED: it does not say: $wanted"; exit 1 ;; esac
}
unseen() { # unseen TEXT COMMAND…: it works, and does not print TEXT
    wanted=$1
    shift
    printf '$ %s %s\n' "$docker" "$*"
    said=$("$docker" "$@" 2>&1) || { printf '%s\n' "$said" "FAILED: status $?"; exit 1; }
    printf '%s\n' "$said"
    case $said in *"$wanted"*) echo "FAILED: it says: $wanted"; exit 1 ;; esac
}
clean() {
    "$docker" rm -f networktest db web app lone shared nets lan1 lan2 >/dev/null 2>&1 || true
    "$docker" network rm my_network my_subnet my_lan >/dev/null 2>&1 || true
}
trap clean EXIT

say "A fresh daemon has three networks."
see bridge network ls
see host network ls --filter driver=host
see null network ls --format '{{.Name}} {{.Driver}}'
unseen networktest network inspect bridge

say "A container joins the bridge, which then knows it."
run run -itd --name=networktest host
see '"Name": "networktest"' network inspect bridge
see 172.17.0.2/16 network inspect bridge --format '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}'
see 172.17.0.1 network inspect bridge --format '{{range .IPAM.Config}}{{.Gateway}}{{end}}'
see 172.17.0.2/16 exec networktest ip -4 -o address show eth0

say "Networks of your own: one with a subnet that is chosen, one with yours."
run network create --driver bridge my_network
run network create --subnet 192.168.1.0/24 my_subnet
see 172.18.0.0/16 network inspect my_network --format '{{(index .IPAM.Config 0).Subnet}}'
refuse "network with name my_network already exists" network create my_network
refuse "Pool overlaps with other one on this address space" network create --subnet 192.168.1.0/25 other

say "Containers on them."
run run -itd --name=db --network=my_subnet host
run run -itd --name=app --network=my_subnet --ip 192.168.1.77 host
see 192.168.1.2 inspect --format '{{(index .NetworkSettings.Networks "my_subnet").IPAddress}}' db
see 192.168.1.77 exec app ip -4 -o address show eth0
see "1 received" exec app ping -c 1 -W 5 db

say "Connect a container that runs: it gets eth1, and keeps eth0."
run network connect my_network networktest
see 172.18.0.2/16 exec networktest ip -4 -o address show eth1
see 172.17.0.2/16 exec networktest ip -4 -o address show eth0
run network connect --alias db my_network db
run network connect --alias front my_network app

say "Names and aliases are known on the networks that two share."
see "1 received" exec networktest ping -c 1 -W 5 app
see "1 received" exec networktest ping -c 1 -W 5 front
see "1 received" exec networktest ping -c 1 -W 5 db
see 172.18.0.3 exec networktest getent ahostsv4 db
see front inspect --format '{{json .NetworkSettings.Networks.my_network.Aliases}}' app

say "Disconnect it again."
run network disconnect my_network networktest
unseen eth1 exec networktest ip -o link
refuse "is not connected to" network disconnect my_network networktest
refuse "has active endpoints" network rm my_network
unseen networktest network inspect my_network

say "Publish a port."
run run -d --name web -p "$port":80 host python3 -m http.server 80 --directory /usr/share
see "0.0.0.0:$port" port web 80
see "$port->80/tcp" ps --filter name=web
tries=0
until curl -s -o /dev/null --max-time 5 "http://127.0.0.1:$port/"; do
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || { echo "FAILED: nobody answers at port $port"; exit 1; }
    sleep 0.2
done
echo "\$ curl http://127.0.0.1:$port/   # answers"

say "The host's own network, and none."
see tcp run --rm --name shared --network host host sh -c 'echo tcp; ip -o link'
unseen eth0 run --rm --name lone --network none host ip -o link
refuse "container cannot be disconnected from host network or connected to host network" network connect host networktest
see "$(hostname)" run --rm --network host host hostname
run run -d --name nets --network container:web host sleep 60
see "$("$docker" exec web ip -4 -o address show eth0)" exec nets ip -4 -o address show eth0

say "macvlan: two stations on one wire, whether this kernel has macvlan or not."
run network create -d macvlan --subnet 10.99.0.0/24 my_lan
run run -d --name lan1 --network my_lan host sleep 60
run run -d --name lan2 --network my_lan host sleep 60
see "1 received" exec lan1 ping -c 1 -W 5 10.99.0.2
see "1 received" exec lan1 ping -c 1 -W 5 lan2

say "And away with all of it."
run rm -f networktest db web app nets lan1 lan2
run network prune -f
see bridge network ls
unseen my_ network ls
say "Every step is right."
