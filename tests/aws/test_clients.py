"""The allow-list holds by construction, and failures are told apart."""

from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from assumable.aws import clients
from assumable.aws.allowed import ALLOWED, ASSUMING, COLLECTED, Operations
from assumable.aws.clients import Connection, OperationRefusedError
from assumable.errors import InputError, UnreadableError
from tests.aws.environment import isolate

CLOSED = "http://127.0.0.1:9"  # nobody listens on the discard port
READS = ("Get", "List", "Describe")


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    isolate(tmp_path, monkeypatch, **keys)
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    return Connection(None, None, CLOSED)


SERVICES = [(service, allowed) for allowed in (ALLOWED, COLLECTED) for service in allowed]
LISTS = pytest.mark.parametrize("allowed", [ALLOWED, COLLECTED], ids=["why", "collect"])


@LISTS
def test_only_reading_operations_are_allowed(allowed: Operations) -> None:
    names = [name for operations in allowed.values() for name in operations]
    assert all(name.startswith(READS) for name in names)


@pytest.mark.parametrize(("service", "allowed"), SERVICES)
def test_every_other_operation_is_refused_before_anything_is_sent(
    service: str, allowed: Operations, connection: Connection, socket_disabled: None
) -> None:
    client = Connection(None, None, CLOSED, allowed=allowed).client(service)
    others = set(client.meta.service_model.operation_names) - allowed[service]
    assert len(others) > len(allowed[service])
    for operation in others:
        with pytest.raises(OperationRefusedError, match=f"{service}:{operation} is not on"):
            getattr(client, xform_name(operation))()


@pytest.mark.parametrize(("service", "allowed"), SERVICES)
def test_what_is_allowed_exists(service: str, allowed: Operations, connection: Connection) -> None:
    assert set(connection.client(service).meta.service_model.operation_names) >= allowed[service]


def test_the_same_credentials_ask_in_another_region(connection: Connection) -> None:
    other = connection.in_region("eu-north-1")
    assert other.client("ec2").meta.region_name == "eu-north-1"
    assert connection.client("ec2").meta.region_name == clients.FALLBACK_REGION
    assert other.calls is connection.calls
    with pytest.raises(OperationRefusedError):
        other.client("iam").list_roles()


def test_pages_waiters_and_presigned_urls_are_guarded(
    connection: Connection, socket_disabled: None
) -> None:
    iam, sts = connection.client("iam"), connection.client("sts")
    with pytest.raises(OperationRefusedError):
        list(iam.get_paginator("list_users").paginate())
    with pytest.raises(OperationRefusedError):
        iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="x")
    with pytest.raises(OperationRefusedError):
        sts.generate_presigned_url("assume_role", {"RoleArn": "x", "RoleSessionName": "x"})


def test_no_other_service_gets_a_client(connection: Connection) -> None:
    with pytest.raises(OperationRefusedError, match="s3"):
        connection.client("s3")


def test_clients_have_timeouts_and_adaptive_retries(connection: Connection) -> None:
    config = connection.client("iam").meta.config
    assert config.read_timeout == clients.READ_TIMEOUT
    assert config.connect_timeout == clients.CONNECT_TIMEOUT
    assert config.retries["mode"] == "adaptive"


def test_unreachable_network_is_one_line(connection: Connection) -> None:
    with pytest.raises(UnreadableError, match="Could not connect to the endpoint URL") as caught:
        _ = connection.identity
    assert "\n" not in str(caught.value)


def test_missing_credentials_are_one_line(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UnreadableError, match="Unable to locate credentials"):
        _ = Connection(None, None, CLOSED).identity


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("nobody", None, CLOSED), "no profile `nobody` is configured"),
        ((None, None, "not a url"), "Invalid endpoint"),
        ((None, "no region", None), "no region"),
    ],
)
def test_bad_options_are_input_errors(
    connection: Connection, options: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        _ = Connection(*options).identity


def test_reading_needs_no_region(connection: Connection) -> None:
    assert connection.region is None
    assert connection.client("iam").meta.region_name == clients.FALLBACK_REGION


def test_the_region_is_the_one_that_the_aws_command_takes(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Connection(None, None, CLOSED).region == "eu-west-1"
    assert Connection(None, "eu-north-1", CLOSED).region == "eu-north-1"


def test_the_client_of_probes_makes_three_calls_and_no_other(
    connection: Connection, socket_disabled: None
) -> None:
    client = clients.assuming_client(None, None, CLOSED)
    others = set(client.meta.service_model.operation_names) - ASSUMING
    assert len(others) > len(ASSUMING)
    for operation in others:
        with pytest.raises(OperationRefusedError, match=f"sts:{operation} is no"):
            getattr(client, xform_name(operation))()
    with pytest.raises(OperationRefusedError):
        client.generate_presigned_url("get_caller_identity")


def test_what_probes_may_call_exists_and_readers_may_not(
    connection: Connection, socket_disabled: None
) -> None:
    client = clients.assuming_client(None, None, CLOSED)
    assert set(client.meta.service_model.operation_names) >= ASSUMING
    assert not ASSUMING & ALLOWED["sts"]
    for operation in ASSUMING:
        with pytest.raises(OperationRefusedError):
            getattr(connection.client("sts"), xform_name(operation))()


def test_a_probe_is_sent_once(connection: Connection) -> None:
    """A retry would spend a code twice, and there would be more calls than are told."""
    config = clients.assuming_client(None, None, CLOSED).meta.config
    assert config.retries["total_max_attempts"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("nobody", None, CLOSED), "nobody"),
        ((None, None, "not a url"), "Invalid endpoint"),
    ],
)
def test_bad_options_of_probes_are_input_errors(
    connection: Connection, options: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        clients.assuming_client(*options)
