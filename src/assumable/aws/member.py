"""What the description of an account tells to those who may see it, in one call.

Its organization, that one's management account, its state, and since 2026 its place in the tree.
https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
"""

import re
from collections.abc import Mapping
from typing import Any

from assumable.aws.clients import Connection
from assumable.model.world import Node

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
_ARN = re.compile(r"arn:[^:]+:organizations::(?P<manager>\d{12}):account/(?P<id>o-\w+)/\d{12}")
_PATH = re.compile(r"(?P<id>o-\w+)/(?P<above>r-\w+(?:/ou-[\w-]+)*)(?:/\d{12})?/")


class Member:
    """An account of an organization."""

    def __init__(self, account: str, told: Mapping[str, Any]) -> None:
        """`told` is the answer to DescribeAccount."""
        self.account, self._told = account, told["Account"]
        name = _ARN.fullmatch(self._told.get("Arn", ""))
        self.organization_id = name["id"] if name else ""
        """Empty when it is not told."""
        self.management_account = name["manager"] if name else ""

    @property
    def status(self) -> str:
        """Whether it is `ACTIVE`, in AWS's words."""
        return status_of(self._told)

    def nodes(self, status: str) -> dict[str, Node]:
        """The account and all that is above it; the account alone where its place is not told."""
        paths = [_PATH.fullmatch(path) for path in self._told.get("Paths") or ()]
        place = paths[0] if len(paths) == 1 else None
        above = place["above"].split("/") if place and place["id"] == self.organization_id else []
        nodes = {}
        parent, kind = "", "root"
        for name in above:
            nodes[name] = Node(name, kind, parent=parent)
            parent, kind = name, "ou"
        nodes[self.account] = Node(self.account, "account", parent=parent, status=status)
        return nodes


def describe(account: str, reader: Connection) -> Member | None:
    """The account as somebody sees it; None when that one may not see it, or there is none."""
    what = f"the description of account {account} was"
    answer = reader.ask("organizations", "DescribeAccount", what, account, AccountId=account)
    member = Member(account, answer) if isinstance(answer, dict) else None
    return member if member and member.organization_id else None


def status_of(account: Mapping[str, Any]) -> str:
    """`State` stands in the place of `Status`, which AWS retires."""
    return str(account.get("State") or account.get("Status", "ACTIVE"))
