"""Bodies of requests about networks."""

from __future__ import annotations

from pydantic import Field

from dataplane.api.asked import Asked, Integer, Pairs, Text


class IPAMConfig(Asked):
    """A pool of a network."""

    Subnet: Text = ""
    IPRange: Text = ""
    Gateway: Text = ""
    AuxiliaryAddresses: Pairs = Field(default_factory=dict)
    AuxAddress: Pairs = Field(default_factory=dict)


class IPAMRequest(Asked):
    """Where a network's addresses come from."""

    Driver: Text = ""
    Options: Pairs = Field(default_factory=dict)
    Pools: list[IPAMConfig] = Field(default_factory=list, alias="Config")  # the name means something else to pydantic


class ConfigReference(Asked):
    """The template that a network is made after."""

    Network: Text = ""


class NetworkCreateRequest(Asked):
    """POST /networks/create."""

    Name: Text = ""
    Driver: Text = ""
    Scope: Text = ""
    Internal: bool = False
    Attachable: bool = False
    Ingress: bool = False
    ConfigOnly: bool = False
    ConfigFrom: ConfigReference = ConfigReference()
    EnableIPv4: bool | None = None
    EnableIPv6: bool | None = None
    IPAM: IPAMRequest = IPAMRequest()
    Options: Pairs = Field(default_factory=dict)
    Labels: Pairs = Field(default_factory=dict)


class EndpointIPAMConfig(Asked):
    """Addresses that an endpoint shall have."""

    IPv4Address: Text = ""
    IPv6Address: Text = ""
    LinkLocalIPs: list[Text] = Field(default_factory=list)


class EndpointSettings(Asked):
    """What a container asks of a network. What Docker itself fills in (EndpointID, Gateway …) is not read."""

    IPAMConfig: EndpointIPAMConfig = EndpointIPAMConfig()
    Links: list[Text] = Field(default_factory=list)
    Aliases: list[Text] = Field(default_factory=list)
    MacAddress: Text = ""
    DriverOpts: Pairs = Field(default_factory=dict)
    GwPriority: Integer = 0


class ConnectRequest(Asked):
    """POST /networks/{id}/connect."""

    Container: Text = ""
    EndpointConfig: EndpointSettings = EndpointSettings()


class DisconnectRequest(Asked):
    """POST /networks/{id}/disconnect."""

    Container: Text = ""
    Force: bool = False
