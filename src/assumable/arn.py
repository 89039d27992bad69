"""Amazon Resource Names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import functools
import re

import msgspec

ACCOUNT_ID = re.compile(r"\d{12}")
UNIQUE_ID = re.compile(r"A(?:IDA|ROA|GPA|NPA|NVA|SCA|KIA|SIA)[A-Z0-9]{12,124}")
NOBODY = "arn:aws:iam::000000000000:user/nobody"
"""Stands for the caller where there are no credentials to call with."""
_SECTIONS = 6


class Arn(msgspec.Struct, frozen=True):
    """The six colon-separated parts of an ARN, `arn` itself left out."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        """The ARN as AWS writes it."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def place(self) -> tuple[str, str]:
        """Partition and account: an account of another partition is another account."""
        return self.partition, self.account

    @property
    def kind(self) -> str:
        """What the resource is: `user`, `role`, `assumed-role`, `root`, …."""
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        """The last part of the resource, without its path."""
        return self.resource.rpartition("/")[2]

    @property
    def path(self) -> str:
        """The path of a user or role, `/` when it has none."""
        return "/" + "/".join([*self.resource.split("/")[1:-1], ""]).lstrip("/")


@functools.lru_cache(maxsize=65_536)
def parse(text: str) -> Arn | None:
    """The parts of an ARN, or None when the text is not shaped like one.

    >>> parse("arn:aws:iam::111111111111:role/team/Deploy").path
    '/team/'
    """
    sections = _sections(text)
    return None if sections is None else Arn(*sections[1:])


def _sections(text: str) -> list[str] | None:
    found = text.split(":", _SECTIONS - 1)
    is_arn = len(found) == _SECTIONS and found[0] == "arn" and found[1] and found[2]
    return found if is_arn else None


def parse_role(text: str) -> Arn | None:
    """The parts of a role's ARN, or None when the text names no role of an account."""
    arn = parse(text)
    if arn is None or arn.service != "iam" or arn.kind != "role" or not arn.name:
        return None
    return arn if ACCOUNT_ID.fullmatch(arn.account) and not arn.region else None


def account_of(text: str) -> str:
    """The account in an ARN, empty when there is none."""
    sections = _sections(text)
    return sections[4] if sections else ""


def session_of(role_arn: str, session_name: str) -> str:
    """The ARN of a session of a role; the role's path is not in it.

    >>> session_of("arn:aws:iam::111111111111:role/team/Deploy", "ci")
    'arn:aws:sts::111111111111:assumed-role/Deploy/ci'
    """
    role = parse(role_arn) or Arn("aws", "iam", "", "", role_arn)
    return f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/{session_name}"


def display_name(text: str) -> str:
    """The short form people use: `user/deployer`, `role/DeployRole`, `root`."""
    if text == NOBODY:
        return "the caller"
    arn = parse(text)
    if arn is None:
        return text
    return arn.resource or text
