"""`assumable permissions`: the least policy with which a question can be answered."""

import json
from datetime import UTC, datetime

import click

from assumable import arn
from assumable.errors import InputError


@click.command(name="permissions", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--for", "pair", nargs=2, metavar="CALLER ROLE", help="The ARNs of the caller and of the role."
)
@click.option("--via", multiple=True, metavar="ARN", help="A role on the way; repeatable.")
@click.option("--region", help="The Region of the STS endpoint, where its status matters.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object, the policies by account.",
)
def command(
    pair: tuple[str, str] | None, via: tuple[str, ...], region: str | None, format_: str
) -> None:
    """What must `assumable why` be allowed to read? The least policy, for each account.

    Without --for: one policy for any question. Nothing but reading is in it, and no AWS is asked.
    """
    from assumable.aws.permissions import every_question

    found = {"": every_question()} if pair is None else _for(*pair, via, region)
    if format_ == "json":
        click.echo(json.dumps(found[""] if pair is None else found, indent=2))
        return
    for account, document in found.items():
        click.echo(f"# {_heading(account)}")
        click.echo(json.dumps(document, indent=2))


def _for(
    caller: str, role_arn: str, via_roles: tuple[str, ...], region: str | None
) -> dict[str, dict[str, object]]:
    from assumable.aws.permissions import read_policies
    from assumable.formats.chain import via
    from assumable.formats.dump import call_of

    if arn.parse_role(role_arn) is None:
        raise InputError(f"`{role_arn}` is not the ARN of a role", "--for", "CALLER, then ROLE")
    call = call_of(caller, {"RoleArn": role_arn}, region=region, now=datetime.now(UTC))
    return read_policies(via(call, via_roles))


def _heading(account: str) -> str:
    from assumable.aws.permissions import ORGANIZATION

    if account == ORGANIZATION:
        return "the organization's management account, or a delegated administrator: SCPs and RCPs"
    return f"account {account}" if account else "every account that is asked about"
