"""Whose credentials a session of the SDK uses, where it is not those of its profile."""

import functools
from typing import Any

from assumable.model.route import Start, StartKind

READER_SESSION = "assumable"
"""What the session of a role that reads is called, so that CloudTrail shows who asked."""


def give(session: Any, credentials: Any) -> None:
    """Have a session use the credentials of somebody else, as they are now."""
    frozen = credentials.get_frozen_credentials()
    session.set_credentials(frozen.access_key, frozen.secret_key, frozen.token)


def assume(
    session: Any, role_arn: str, endpoint_url: str | None, region: str, external_id: str,
    config: Any,
) -> None:  # fmt: skip
    """Have a session use the credentials of a role, which it assumes when they are needed.

    `config` is how its client waits and asks again.
    """
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    own = session.get_credentials()
    if own is None:
        return  # the first request says so
    sent = {"ExternalId": external_id} if external_id else {}
    fetcher = AssumeRoleCredentialFetcher(
        functools.partial(
            session.create_client, endpoint_url=endpoint_url, region_name=region, config=config
        ),
        own,
        role_arn,
        extra_args={"RoleSessionName": READER_SESSION, **sent},
    )
    session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001  # botocore has no setter
        fetcher.fetch_credentials, "assume-role"
    )


def process_error(session: Any) -> Exception | None:
    """Why the `credential_process` of the session's profile gives no credentials, if it fails.

    Any other fault is left to the first request.
    """
    from botocore.exceptions import BotoCoreError, CredentialRetrievalError

    try:
        session.get_credentials()
    except (CredentialRetrievalError, OSError, ValueError) as error:
        return error
    except BotoCoreError:
        return None
    return None


_PROVIDERS: dict[StartKind, tuple[str, ...]] = {
    "environment": ("env",),
    "static": ("shared-credentials-file", "config-file"),
    "sso": ("sso",),
    "login": ("login",),
    "process": ("custom-process",),
    "container": ("container-role",),
    "instance-metadata": ("iam-role",),
    "ec2-credentials-file": ("ec2-credentials-file",),
    "web-identity": (),
}
"""What botocore calls those that give the credentials a way starts from."""


def begin_with(session: Any, start: Start) -> None:
    """Have a session take the credentials that a way starts from, and assume no role with them.

    A way that starts with a token has none: to get some is the call that is asked about.
    """
    from botocore.credentials import EnvProvider

    resolver = session.get_component("credential_provider")
    kept = _PROVIDERS[start.kind]
    resolver.providers = [found for found in resolver.providers if found.METHOD in kept]
    if start.kind == "environment" and not resolver.providers:  # a profile that names it was chosen
        resolver.providers = [EnvProvider()]
