"""Bodies: Docker's leniency about keys, its strictness about types (issue: "validate every request", "wrong types")."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.api import asked
from dataplane.api.asked_container import ContainerCreateRequest, ExecConfig, ExecStartConfig
from dataplane.api.asked_network import ConnectRequest, DisconnectRequest, NetworkCreateRequest
from dataplane.api.container_wish import container_wish
from dataplane.api.endpoint_wish import endpoint_wish
from dataplane.api.network_wish import network_wish
from dataplane.desired.refused import Refused


def test_keys_in_any_case_null_and_unknown_ones():
    body = b'{"name":"n","INTERNAL":true,"Options":null,"CheckDuplicate":true,"ipam":{"config":[{"subnet":"10.0.0.0/24"}]}}'
    found = asked.read(NetworkCreateRequest, body)
    assert (found.Name, found.Internal, found.Options) == ("n", True, {})
    assert found.IPAM.Pools[0].Subnet == "10.0.0.0/24"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"Internal":"yes"}', "cannot unmarshal string into Go struct field NetworkCreateRequest.Internal of type bool"),
        (b'{"Name":5}', "cannot unmarshal number into Go struct field NetworkCreateRequest.Name of type string"),
        (b'{"Labels":[]}', "cannot unmarshal array into Go struct field NetworkCreateRequest.Labels of type map"),
        (b'{"IPAM":{"Config":{}}}', "cannot unmarshal object into Go struct field NetworkCreateRequest.IPAM.Config"),
        (b"[]", "json: cannot unmarshal array into Go value of type NetworkCreateRequest"),
        (b'"x"', "NetworkCreateRequest"),
        (b"", "got EOF while reading request body"),
        (b"{", "invalid JSON"),
        (b'{"Name":"a"} x', "invalid JSON"),
        (b'{"Name":"\\ud800"}', "invalid JSON"),
        (b'{"Name":"a\\u0000b"}', "octet of zero"),
        (b"\xff\xfe", "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
        (b'{"a":' * 100_000, "invalid JSON"),
    ],
)
def test_what_is_no_request_is_400_in_dockers_words(body, words):
    with pytest.raises(Refused) as refused:
        asked.read(NetworkCreateRequest, body)
    assert refused.value.http == 400
    assert words in refused.value.what
    assert len(refused.value.what) < 1000


def test_numbers_have_gos_bounds():
    assert asked.read(ContainerCreateRequest, b'{"StopTimeout":9223372036854775807}').StopTimeout == 2**63 - 1
    for text in (b"9223372036854775808", b"1.5", b"1e3", b"true", b'"1"'):
        with pytest.raises(Refused):
            asked.read(ContainerCreateRequest, b'{"StopTimeout":' + text + b"}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MODELS = (NetworkCreateRequest, ConnectRequest, DisconnectRequest, ContainerCreateRequest, ExecConfig, ExecStartConfig)


def bodies(model):
    """Objects with the model's own keys and any values, deeper too."""
    keys = st.sampled_from(sorted(model.model_fields))
    inner = st.dictionaries(
        st.sampled_from(["NetworkMode", "PortBindings", "Config", "EndpointsConfig", "IPAMConfig", "Test"]), JSON
    )
    return st.dictionaries(keys, JSON | inner, max_size=6)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_json_is_a_request_or_refused(model, data):
    """Wrong types anywhere: 400, never another exception."""
    value = data.draw(bodies(model))
    try:
        text = json.dumps(value).encode()
        found = asked.read(model, text)
        if isinstance(found, NetworkCreateRequest):
            network_wish(found, (1, 51))
        elif isinstance(found, ContainerCreateRequest):
            container_wish(found, "", (1, 51))
        elif isinstance(found, ConnectRequest):
            endpoint_wish(found.EndpointConfig)
    except Refused as refused:
        assert refused.http == 400
