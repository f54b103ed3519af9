"""Every key of the Compose Specification is known, and the reference says what becomes of it."""

from pathlib import Path

import pytest

from dataplane.compose import load
from dataplane.compose.keys import Use
from dataplane.compose.keys_deploy import DEPLOY, HEALTHCHECK
from dataplane.compose.keys_file import FILE
from dataplane.compose.keys_network import ATTACHMENT, NETWORK
from dataplane.compose.keys_service import SERVICE
from dataplane.compose.reference import updated
from dataplane.errors import UserError

SPECIFICATION = (
    (FILE, "version name include services models networks volumes secrets configs"),
    (
        SERVICE,
        """
        develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs
        container_name cpu_count cpu_percent cpu_shares cpu_quota cpu_period cpu_rt_period cpu_rt_runtime cpus cpuset
        credential_spec depends_on device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file
        label_file environment expose extends provider external_links extra_hosts gpus group_add healthcheck hostname
        image init ipc isolation labels links logging mac_address mem_limit mem_reservation mem_swappiness
        memswap_limit network_mode models networks oom_kill_disable oom_score_adj pid pids_limit platform ports
        pre_start post_start pre_stop privileged profiles pull_policy pull_refresh_after read_only restart runtime
        scale security_opt shm_size secrets sysctls stdin_open stop_grace_period stop_signal storage_opt tmpfs tty
        ulimits use_api_socket user uts userns_mode volumes volumes_from working_dir
    """,
    ),
    (ATTACHMENT, "aliases interface_name ipv4_address ipv6_address link_local_ips mac_address driver_opts priority gw_priority"),
    (NETWORK, "name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels"),
    (DEPLOY, "mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement"),
    (HEALTHCHECK, "disable interval retries test timeout start_period start_interval"),
)


@pytest.mark.parametrize(("table", "words"), SPECIFICATION)
def test_every_key_is_known(table, words):
    assert set(words.split()) == set(table.keys) - {"x-dataplane"}


def test_the_reference_is_up_to_date():
    page = Path(__file__).parents[3].joinpath("docs/compose.md").read_text(encoding="utf-8")
    assert page == updated(page), "run: python -m dataplane.compose.reference docs/compose.md"


VALUES = {
    "blkio_config": {"weight": 300, "device_read_bps": [{"path": "/dev/sda", "rate": "1mb"}]},
    "cgroup": "host",
    "configs": [{"source": "c", "mode": 0o440}],
    "credential_spec": {"file": "x"},
    "develop": {"watch": [{"path": ".", "action": "sync"}]},
    "devices": ["/dev/null", {"source": "/dev/null"}],
    "gpus": "all",
    "logging": {"driver": "syslog", "options": {"a": 1, "b": None}},
    "models": {"m": None},
    "post_start": [{"command": "x"}],
    "pre_start": [{"command": "x", "image": "y"}],
    "pre_stop": [{"command": ["x"]}],
    "provider": {"type": "x", "options": {"a": [1, True]}},
    "secrets": ["s"],
    "storage_opt": {"size": "1G"},
    "ulimits": {"nofile": 1024, "nproc": {"soft": 1, "hard": 2}},
    "volumes": ["a:/b", {"type": "bind", "source": "/a", "target": "/b", "bind": {"create_host_path": True}}],
}


@pytest.mark.parametrize("key", [name for name, key in SERVICE.keys.items() if key.use is Use.IGNORED])
def test_ignored_keys_are_named_and_change_nothing(key):
    shapes = [VALUES[key]] if key in VALUES else [True, "5", ["x"]]
    loaded = []
    for value in shapes:
        try:
            loaded.append(load({"services": {"web": {"image": "host", key: value}}}, environment={}))
        except UserError as error:
            assert "belongs" in error.what or "is neither" in error.what or "is not" in error.what
    assert loaded
    plain = load({"services": {"web": {"image": "host"}}}, environment={})
    for topology in loaded:
        assert f"these keys change nothing here: {key} (web)" in topology.warnings
        assert key == "provider" or topology.services == plain.services
