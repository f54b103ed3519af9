#!/bin/sh
# Record tests/golden/dockerd.json: what docker's client says when it talks to a real dockerd, line by line of tests/golden/session.txt.
#
#   apt-get install --no-install-recommends docker.io iptables busybox-static
#   sh tests/golden/record.sh                 # as root
#
# dockerd runs in a network namespace, a mount namespace and folders of its own, and is gone afterwards. The image `host` is busybox.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
client=${DOCKER:-/usr/bin/docker}
folder=$(mktemp -d /tmp/golden.XXXXXX)
export folder here client
unshare --net --mount --propagation private sh -eu <<'INSIDE'
ip link set lo up
mkdir -p "$folder/image/bin" "$folder/home"
cp "$(command -v busybox)" "$folder/image/bin/busybox"
for name in sh sleep echo ip grep cat true false env hostname; do ln -s busybox "$folder/image/bin/$name"; done
dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" -H "unix://$folder/docker.sock" \
    --storage-driver "${STORAGE:-vfs}" --exec-opt native.cgroupdriver=cgroupfs >"$folder/dockerd.log" 2>&1 &
export DOCKER_HOST="unix://$folder/docker.sock" DOCKER_CONFIG="$folder/home" HOME="$folder/home"
tries=0
until "$client" version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { tail -20 "$folder/dockerd.log"; exit 1; }
    sleep 0.2
done
tar -C "$folder/image" -c . | "$client" import -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin' - host:latest >/dev/null
(cd "$here" && python3 -m tests.golden.session "$client" tests/golden/dockerd.json) || echo "recording failed"
"$client" ps -aq | xargs -r "$client" rm -f >/dev/null 2>&1 || true
kill "$(cat "$folder/docker.pid")"
wait || true
INSIDE
rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
