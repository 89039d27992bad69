"""What botocore itself does with AWS configuration files: its requests, or its exception.

Nothing of ours is involved, and nothing leaves the process: clients of STS record what they are
asked, and metadata services answer as the case says.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import botocore.credentials
import botocore.session
import botocore.tokens
import botocore.utils
from botocore.exceptions import BotoCoreError

CODE = "000000"
ISSUED = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "secret",
    "SessionToken": "token",
    "Expiration": "2099-01-01T00:00:00Z",
}
SIGNED_IN = {
    "access_key": "ASIAEXAMPLE",
    "secret_key": "secret",
    "token": "token",
    "expiry_time": ISSUED["Expiration"],
    "account_id": "111111111111",
}


class Asked(NamedTuple):
    """What came of it: the requests in order, and an exception or the source."""

    requests: tuple[tuple[str, dict[str, Any]], ...]
    error: str
    """The name of the exception; empty when there are credentials."""
    message: str
    start: str
    """Which provider the credentials come from; empty with an exception."""
    token: str = ""
    """The web identity token that was sent; empty without one."""


class Files(NamedTuple):
    """A set-up."""

    config: str
    credentials: str
    environment: Mapping[str, str]
    profile: str | None = None
    tokens: Mapping[str, Mapping[str, str]] = {}


class _Recorder:
    """A client of STS or of Identity Center that grants everything."""

    class exceptions:  # noqa: N801  # botocore's own spelling
        class UnauthorizedException(Exception):  # noqa: N818
            pass

    def __init__(self, requests: list[tuple[str, dict[str, Any]]], starts: list[str]) -> None:
        self.requests, self.starts, self.token = requests, starts, ""

    def assume_role(self, **parameters: Any) -> dict[str, Any]:
        self.requests.append(("AssumeRole", parameters))
        return {"Credentials": ISSUED}

    def assume_role_with_web_identity(self, **parameters: Any) -> dict[str, Any]:
        self.starts.append("assume-role-with-web-identity")
        self.token = parameters.pop("WebIdentityToken")
        self.requests.append(("AssumeRoleWithWebIdentity", parameters))
        return {"Credentials": ISSUED}

    def get_role_credentials(self, **_: Any) -> dict[str, Any]:
        self.starts.append("sso")
        return {
            "roleCredentials": {
                "accessKeyId": "ASIAEXAMPLE",
                "secretAccessKey": "secret",
                "sessionToken": "token",
                "expiration": 4_070_908_800_000,
            }
        }


@contextmanager
def around(files: Files, folder: Path) -> Iterator[None]:
    """The files, the environment and the outside world of a set-up."""
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(files.config, encoding="utf-8")
    (folder / "credentials").write_text(files.credentials, encoding="utf-8")
    for name in ("token", "other-token"):
        (folder / name).write_text(f"a {name}", encoding="utf-8")
    cache = folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.iterdir():
        old.unlink()
    for name, token in files.tokens.items():
        digest = hashlib.sha1(name.encode()).hexdigest()
        (cache / f"{digest}.json").write_text(json.dumps(token), encoding="utf-8")
    environment = {
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        **files.environment,
    }
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, environment, clear=True))
        for owner in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
            stack.enter_context(mock.patch.object(owner, "_SSO_TOKEN_CACHE_DIR", str(cache)))
        yield


def ask(files: Files, folder: Path) -> Asked:
    """Let botocore load the credentials of a set-up."""
    requests: list[tuple[str, dict[str, Any]]] = []
    starts: list[str] = []
    client = _Recorder(requests, starts)
    with around(files, folder), _instead_of_the_network(client, starts):
        try:
            session: Any = botocore.session.Session(profile=files.profile)
            session.create_client = lambda *_, **__: client
            resolver: Any = botocore.credentials.create_credential_resolver(session)
            resolver.get_provider("assume-role")._prompter = lambda _: CODE
            credentials = resolver.load_credentials()
            if credentials is None:
                text = "Unable to locate credentials"
                return Asked((), "NoCredentialsError", text, "")
            credentials.get_frozen_credentials()
        except (BotoCoreError, OSError) as error:
            return Asked((), type(error).__name__, str(error), "")
        first = starts[0] if starts else credentials.method
        return Asked(tuple(requests), "", "", first, client.token)


@contextmanager
def _instead_of_the_network(client: _Recorder, starts: list[str]) -> Iterator[None]:
    """Metadata services that answer, unless the environment switches them off."""

    def container(*_: Any, **__: Any) -> dict[str, str]:
        starts.append("container-role")
        return {**ISSUED, "Token": "token"}

    def instance(*_: Any) -> dict[str, str]:
        if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            return {}
        starts.append("iam-role")
        return {
            "role_name": "web", "access_key": "ASIA", "secret_key": "secret", "token": "token",
            "expiry_time": "2099-01-01T00:00:00Z",
        }  # fmt: skip

    providers: dict[str, Any] = {
        "shared-credentials-file": botocore.credentials.SharedCredentialProvider,
        "config-file": botocore.credentials.ConfigProvider,
        "env": botocore.credentials.EnvProvider,
        "custom-process": botocore.credentials.ProcessProvider,
        "login": botocore.credentials.LoginProvider,
        "ec2-credentials-file": botocore.credentials.OriginalEC2Provider,
    }
    with ExitStack() as stack:
        stack.enter_context(
            mock.patch.object(
                botocore.credentials,
                "_get_client_creator",
                return_value=lambda *_, **__: client,
            )
        )
        stack.enter_context(
            mock.patch.object(
                botocore.utils.ContainerMetadataFetcher, "retrieve_full_uri", container
            )
        )
        stack.enter_context(
            mock.patch.object(
                botocore.utils.InstanceMetadataFetcher, "retrieve_iam_role_credentials", instance
            )
        )
        # Signed in with the console; the keys of such a session need a package of their own.
        stack.enter_context(mock.patch.object(botocore.credentials, "EC", object()))
        stack.enter_context(
            mock.patch.object(
                botocore.credentials.LoginCredentialFetcher,
                "load_cached_credentials",
                return_value=SIGNED_IN,
            )
        )
        for method, provider in providers.items():
            stack.enter_context(
                mock.patch.object(provider, "load", _noting(provider.load, method, starts))
            )
        yield


def _noting(load: Any, method: str, starts: list[str]) -> Any:
    """The provider's own `load`, noted when it finds something."""

    def loaded(self: Any) -> Any:
        found = load(self)
        if found is not None:
            starts.append(method)
        return found

    return loaded
