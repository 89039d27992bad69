"""`assumable permissions`: the least policy with which a question can be answered."""

import json
from datetime import UTC, datetime

import click

from assumable import arn
from assumable.cli.options import forms
from assumable.errors import InputError
from assumable.model.call import Call

_COLLECTING = {
    "": "the role that --role-name names, in every account",
    "organization": "--org-profile: its own account and the organization; it must also be allowed "
    "sts:AssumeRole on that role",
}


@click.command(name="permissions", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--for",
    "pair",
    nargs=2,
    metavar="CALLER ROLE",
    help="The ARNs of the caller and of the role, or of the root user to assume.",
)
@click.option("--collect", is_flag=True, help="What `assumable collect` reads.")
@click.option("--via", multiple=True, metavar="ARN", help="A role on the way; repeatable.")
@click.option("--region", help="The Region of the STS endpoint, where its status matters.")
@click.option("--endpoint-url", help="The endpoint, where it is a VPC endpoint of STS.")
@forms("text", "json", text="json: one object, the policies by account.")
def command(
    pair: tuple[str, str] | None,
    via: tuple[str, ...],
    region: str | None,
    endpoint_url: str | None,
    format_: str,
    *,
    collect: bool,
) -> None:
    """What must `assumable why` be allowed to read? The least policy, for each account.

    Without --for: one policy for any question. With --collect: what `assumable collect` needs in
    each account, and of the organization. Nothing but reading is in them, and no AWS is asked.
    """
    from assumable.aws.permissions import every_account, every_question, read_policies

    if collect and pair is not None:
        raise InputError("a snapshot is of no single call", "--collect", "leave --for out")
    if collect:
        found = every_account()
    elif pair is None:
        found = {"": every_question()}
    else:
        found = read_policies(_call(pair, via, region, endpoint_url))
    if format_ == "json":
        click.echo(json.dumps(found if pair or collect else found[""], indent=2))
        return
    for account, document in found.items():
        heading = _COLLECTING[account] if collect else _heading(account)
        click.echo(f"# {heading}")
        click.echo(json.dumps(document, indent=2))


def _call(
    pair: tuple[str, str], via_roles: tuple[str, ...], region: str | None, endpoint_url: str | None
) -> Call:
    from assumable.ask import through
    from assumable.formats.chain import via
    from assumable.formats.dump import call_of

    caller, asked = pair
    parts = arn.parse(asked)
    if parts is not None and parts.resource == "root":
        parameters = {"TargetPrincipal": asked}
    elif arn.parse_role(asked) is not None:
        parameters = {"RoleArn": asked}
    else:
        raise InputError(f"`{asked}` is not the ARN of a role", "--for", "CALLER, then ROLE")
    call = call_of(caller, parameters, region=region, now=datetime.now(UTC))
    return via(through(call, endpoint_url), via_roles)


def _heading(account: str) -> str:
    from assumable.aws.permissions import ORGANIZATION

    if account == ORGANIZATION:
        return "the organization's management account, or a delegated administrator: SCPs and RCPs"
    return f"account {account}" if account else "every account that is asked about"
