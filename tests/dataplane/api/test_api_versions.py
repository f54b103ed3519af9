"""Versions of the path (issue: "versions 1.24–1.51 shaped by the path")."""

import pytest

from dataplane.api import versions
from dataplane.desired.refused import Refused
from tests.dataplane.api.asking import ask, ask_whole


def test_a_path_without_a_version_is_the_newest():
    assert versions.split("/networks") == ((1, 51), "/networks")
    assert versions.split("/v1.24/containers/json") == ((1, 24), "/containers/json")
    assert versions.split("/vx/containers") == ((1, 51), "/vx/containers")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1.23/info", "client version 1.23 is too old. Minimum supported API version is 1.24"),
        ("/v1.52/info", "client version 1.52 is too new. Maximum supported API version is 1.51"),
        ("/v2.0/info", "too new"),
        ("/v1/info", "not in the format major.minor"),
        ("/v1.../info", "not in the format major.minor"),
    ],
)
def test_other_versions_are_refused_in_dockers_words(path, words):
    with pytest.raises(Refused, match=words.replace(".", r"\.")) as refused:
        versions.split(path)
    assert refused.value.http == 400


@pytest.mark.parametrize("version", ["v1.24", "v1.41", "v1.51"])
def test_every_answer_tells_the_newest_version(fake, socket_path, version):
    """Docker's clients negotiate by the header of /_ping."""
    status, body, headers = ask_whole(socket_path, f"GET /{version}/_ping")
    assert (status, body) == (200, b"OK")
    assert (headers["Api-Version"], headers["Ostype"], headers["Docker-Experimental"]) == ("1.51", "linux", "false")
    assert ask_whole(socket_path, f"GET /{version}/nothing")[2]["Api-Version"] == "1.51"
    assert ask(socket_path, "HEAD /_ping") == (200, b"")


def test_version_and_info(fake, socket_path):
    status, body = ask(socket_path, "GET /version")
    assert status == 200
    assert (body["ApiVersion"], body["MinAPIVersion"], body["Os"]) == ("1.51", "1.24", "linux")
    status, body = ask(socket_path, "GET /info")
    assert (status, body["Containers"], body["Images"], body["OSType"]) == (200, 0, 1, "linux")
    assert {"bridge", "host", "null", "macvlan", "ipvlan", "overlay"} <= set(body["Plugins"]["Network"])


@pytest.mark.parametrize(
    "line", ["GET /volumes", "POST /swarm/init", "GET /services", "POST /build", "PUT /containers/x/archive", "GET /"]
)
def test_every_other_path_is_501_with_a_message(fake, socket_path, line):
    status, body = ask(socket_path, line)
    assert status == 501
    assert "not supported" in body["message"]
