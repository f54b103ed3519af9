"""What is mounted of the host is looked for before anything starts."""

import pytest

from dataplane.compose import load
from dataplane.errors import UserError
from dataplane.sources import check_sources


def checked(tmp_path, keys: str, service: str = "image: host") -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(f"services: {{web: {{{service}, {keys}}}}}\n")
    check_sources(load(file, environment={}))


def test_a_folder_that_is_not_there(tmp_path):
    keys = "volumes: [{type: bind, source: ./data, target: /srv}]"
    with pytest.raises(UserError) as caught:
        checked(tmp_path, keys)
    assert caught.value.where == f"{tmp_path}/compose.yaml: services.web.volumes"
    assert caught.value.what == f'invalid mount config for type "bind": bind source path does not exist: {tmp_path}/data'
    assert "create_host_path: true" in caught.value.mend
    checked(tmp_path, keys, "image: postgres")
    checked(tmp_path, "volumes: ['./data:/srv', {type: bind, source: ./d, target: /e, bind: {create_host_path: true}}]")
    (tmp_path / "data").mkdir()
    checked(tmp_path, keys)


def test_a_device_that_is_not_there(tmp_path):
    with pytest.raises(UserError) as caught:
        checked(tmp_path, "devices: [/dev/null, /dev/nosuch]")
    assert caught.value.where == f"{tmp_path}/compose.yaml: services.web.devices"
    assert caught.value.what.endswith('"/dev/nosuch": no such file or directory')


@pytest.mark.parametrize("path", ["x" * 300, "compose.yaml/x"])
def test_a_path_that_cannot_be(tmp_path, path):
    with pytest.raises(UserError, match="does not exist"):
        checked(tmp_path, f"volumes: [{{type: bind, source: ./{path}, target: /srv}}]")
