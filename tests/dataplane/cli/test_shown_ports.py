"""PORTS of `ps`: neighbours at their own numbers are one range (docker/cli, DisplayablePorts)."""

from dataplane.cli.container.shown_ports import shown_ports


def port(inside, outside=None, ip="", kind="tcp"):
    return {"PrivatePort": inside, "Type": kind, **({"PublicPort": outside, "IP": ip} if outside else {})}


def test_published_and_exposed():
    rows = [port(443), port(80, 8080, "0.0.0.0"), port(80, 8080, "::")]
    assert shown_ports(rows) == "443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"


def test_ranges():
    rows = [port(n, n, "0.0.0.0", "udp") for n in (9000, 9001, 9002, 9005)] + [port(1), port(2)]
    assert shown_ports(rows) == "0.0.0.0:9000-9002->9000-9002/udp, 1-2/tcp, 0.0.0.0:9005->9005/udp"


def test_none():
    assert shown_ports([]) == ""
