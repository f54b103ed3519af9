"""Bodies of requests about containers and what runs in them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from dataplane.api.asked import Asked, Integer, Pairs, Small, Text
from dataplane.api.asked_network import EndpointSettings


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[list[Text], BeforeValidator(_words)]
"""A command: a list, or one text that is the program."""


class HealthConfig(Asked):
    """Times in ns; 0 is Docker's default."""

    Test: list[Text] = Field(default_factory=list)
    Interval: Integer = 0
    Timeout: Integer = 0
    Retries: Integer = 0
    StartPeriod: Integer = 0
    StartInterval: Integer = 0


class PortBinding(Asked):
    """Where a port is published."""

    HostIp: Text = ""
    HostPort: Text = ""


class RestartRule(Asked):
    """When a container is started again."""

    Name: Text = ""
    MaximumRetryCount: Integer = 0


class BindRules(Asked):
    """Of a mount of type bind."""

    Propagation: Text = ""
    CreateMountpoint: bool = False


class TmpfsRules(Asked):
    """Of a mount of type tmpfs: octets, permissions."""

    SizeBytes: Integer = 0
    Mode: Integer = 0


class MountPoint(Asked):
    """`--mount`."""

    Type: Text = ""
    Source: Text = ""
    Target: Text = ""
    ReadOnly: bool = False
    BindOptions: BindRules = BindRules()
    TmpfsOptions: TmpfsRules = TmpfsRules()


class Limit(Asked):
    """`--ulimit`."""

    Name: Text = ""
    Soft: Integer = 0
    Hard: Integer = 0


class Device(Asked):
    """`--device`."""

    PathOnHost: Text = ""
    PathInContainer: Text = ""
    CgroupPermissions: Text = ""


class LogRule(Asked):
    """`--log-driver`."""

    Type: Text = ""


class HostRequest(Asked):
    """What of it bears on networks, processes and files; ``left_aside`` has what nothing comes of."""

    NetworkMode: Text = ""
    PortBindings: dict[Text, list[PortBinding] | None] = Field(default_factory=dict)
    PublishAllPorts: bool = False
    RestartPolicy: RestartRule = RestartRule()
    AutoRemove: bool = False
    Dns: list[Text] = Field(default_factory=list)
    DnsOptions: list[Text] = Field(default_factory=list)
    DnsSearch: list[Text] = Field(default_factory=list)
    ExtraHosts: list[Text] = Field(default_factory=list)
    Links: list[Text] = Field(default_factory=list)
    Sysctls: Pairs = Field(default_factory=dict)
    Init: bool | None = None
    Binds: list[Text] = Field(default_factory=list)
    Mounts: list[MountPoint] = Field(default_factory=list)
    VolumesFrom: list[Text] = Field(default_factory=list)
    Tmpfs: Pairs = Field(default_factory=dict)
    Devices: list[Device] = Field(default_factory=list)
    DeviceRequests: list[dict[str, Any]] = Field(default_factory=list)
    ShmSize: Integer = 0
    Ulimits: list[Limit] = Field(default_factory=list)
    LogConfig: LogRule = LogRule()
    GroupAdd: list[Text] = Field(default_factory=list)
    Memory: Integer = 0
    MemoryReservation: Integer = 0
    MemorySwap: Integer = 0
    NanoCpus: Integer = 0
    CpuShares: Integer = 0
    CpuPeriod: Integer = 0
    CpuQuota: Integer = 0
    CpusetCpus: Text = ""
    CpusetMems: Text = ""
    BlkioWeight: Integer = 0
    OomKillDisable: bool = False
    PidsLimit: Integer = 0
    PidMode: Text = ""
    IpcMode: Text = ""
    UTSMode: Text = ""
    Privileged: bool = False
    ReadonlyRootfs: bool = False
    CapAdd: list[Text] = Field(default_factory=list)
    CapDrop: list[Text] = Field(default_factory=list)
    SecurityOpt: list[Text] = Field(default_factory=list)
    ConsoleSize: list[Small] = Field(default_factory=list)


class NetworkingRequest(Asked):
    """The networks that a container begins with."""

    EndpointsConfig: dict[Text, EndpointSettings | None] = Field(default_factory=dict)


class ContainerCreateRequest(Asked):
    """POST /containers/create: Config, with HostConfig and NetworkingConfig in it."""

    Hostname: Text = ""
    Domainname: Text = ""
    User: Text = ""
    AttachStdin: bool = False
    AttachStdout: bool = False
    AttachStderr: bool = False
    ExposedPorts: dict[Text, Any] = Field(default_factory=dict)
    Tty: bool = False
    OpenStdin: bool = False
    StdinOnce: bool = False
    Env: list[Text] = Field(default_factory=list)
    Cmd: Words | None = None
    Entrypoint: Words | None = None
    Healthcheck: HealthConfig | None = None
    Image: Text = ""
    Volumes: dict[Text, Any] = Field(default_factory=dict)
    WorkingDir: Text = ""
    MacAddress: Text = ""
    Labels: Pairs = Field(default_factory=dict)
    StopSignal: Text = ""
    StopTimeout: Integer | None = None
    HostConfig: HostRequest = HostRequest()
    NetworkingConfig: NetworkingRequest = NetworkingRequest()


class ExecConfig(Asked):
    """POST /containers/{id}/exec."""

    User: Text = ""
    Privileged: bool = False
    Tty: bool = False
    AttachStdin: bool = False
    AttachStdout: bool = False
    AttachStderr: bool = False
    DetachKeys: Text = ""
    Env: list[Text] = Field(default_factory=list)
    WorkingDir: Text = ""
    Cmd: list[Text] = Field(default_factory=list)


class ExecStartConfig(Asked):
    """POST /exec/{id}/start. ``ConsoleSize``: rows, columns."""

    Detach: bool = False
    Tty: bool = False
    ConsoleSize: list[Small] = Field(default_factory=list)
