"""A daemon, for programs that ask it one thing at a time: Docker's Engine API over a unix socket, from the standard library.

daemon = Daemon.at()                       # DATAPLANE_HOST, else where a daemon of this user listens
daemon.ask("GET", "/networks")             # JSON
daemon.lines("GET", "/events")             # JSON objects, for ever
daemon.hijack("POST", "/containers/x/attach?stream=1")   # the connection itself
"""

from dataplane.client.address import HOST, default_socket
from dataplane.client.daemon import Daemon
from dataplane.client.refusal import Refusal

__all__ = ["HOST", "Daemon", "Refusal", "default_socket"]
