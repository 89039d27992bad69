"""What the description of an account tells to those who may see it, in one call.

Its organization, that one's management account, its state, and since 2026 its place in the tree.
https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from assumable.aws.clients import Connection
from assumable.formats.organization import status_of
from assumable.model.world import Node, Unknown

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
_ARN = re.compile(r"arn:[^:]+:organizations::(?P<manager>\d{12}):account/(?P<id>o-\w+)/\d{12}")
_PATH = re.compile(r"(?P<id>o-\w+)/(?P<above>r-\w+(?:/ou-[\w-]+)*)(?:/\d{12})?/?")


class Member(NamedTuple):
    """An account of an organization."""

    organization_id: str
    management_account: str
    nodes: dict[str, Node]
    """The account and all that is above it; the account alone where its place is not told."""


def describe(account: str, reader: Connection) -> Member | Unknown | None:
    """The account as somebody sees it; None when it is not in an organization of that one."""
    what = f"the description of account {account} was"
    answer = reader.ask("organizations", "DescribeAccount", what, account, AccountId=account)
    if not isinstance(answer, dict):
        return answer
    told = answer["Account"]
    name = _ARN.fullmatch(told.get("Arn", ""))
    if name is None:
        return Unknown(f"the organization of account {account}")
    above = _above(told.get("Paths") or (), name["id"])
    parent = next(reversed(above), "")
    node = Node(account, "account", parent=parent, status=status_of(told))
    return Member(name["id"], name["manager"], {**above, account: node})


def _above(paths: Sequence[str], organization_id: str) -> dict[str, Node]:
    """The nodes from the root down to the unit with the account; none if that is not told."""
    place = _PATH.fullmatch(paths[0]) if len(paths) == 1 else None
    nodes = dict[str, Node]()
    for name in place["above"].split("/") if place and place["id"] == organization_id else ():
        parent = next(reversed(nodes), "")
        nodes[name] = Node(name, "ou" if parent else "root", parent=parent)
    return nodes
