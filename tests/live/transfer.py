"""One stream of TCP from namespace to namespace, compared octet for octet. Its port means nothing to tshark."""

from __future__ import annotations

from bench.namespaces import Namespace


def transferred(client: Namespace, server: Namespace, target: str, octets: int = 10 << 20) -> None:
    """`client` sends so many octets to `target`, which is `server`'s: they arrive as they were."""
    receive = (
        "import hashlib, socket\n"
        f"s = socket.create_server(({target!r}, 43210), family=socket.{'AF_INET6' if ':' in target else 'AF_INET'})\n"
        "print('ready', flush=True)\n"
        "c, _ = s.accept()\n"
        "digest = hashlib.sha256()\n"
        "while octets := c.recv(1 << 20):\n"
        "    digest.update(octets)\n"
        "print(digest.hexdigest(), flush=True)\n"
    )
    receiver = server.start("python3", "-c", receive)
    assert receiver.stdout is not None
    assert receiver.stdout.readline() == "ready\n"
    digest = client.run(
        "python3",
        "-c",
        (
            "import hashlib, random, socket\n"
            f"octets = random.Random(1).randbytes({octets})\n"
            f"s = socket.create_connection(({target!r}, 43210), timeout=30)\n"
            "s.sendall(octets)\n"
            "print(hashlib.sha256(octets).hexdigest())\n"
        ),
    )
    assert receiver.stdout.readline() == digest
    receiver.wait()
