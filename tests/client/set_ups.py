"""Set-ups of the client for tests, from texts."""

from collections.abc import Mapping
from datetime import UTC, datetime

from assumable.formats.ini import in_file
from assumable.formats.profiles import Sheet, client_of
from assumable.model.client import Client

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::222222222222:role/DeployRole"
KEYS = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = not-a-secret\n"
SECRETS = ("AKIAEXAMPLE", "not-a-secret")


def client(
    config: str = "",
    credentials: str = "",
    profile: str | None = "prod",
    environment: Mapping[str, str] | None = None,
) -> Client:
    """A set-up."""
    return client_of(
        Sheet(config, in_file("config"), "config"),
        Sheet(credentials, in_file("credentials"), "credentials"),
        environment or {},
        profile=profile,
    )
