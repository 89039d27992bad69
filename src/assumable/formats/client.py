"""`call.client` of a scenario: the client's files as text, and what its environment holds."""

import msgspec

from assumable import arn
from assumable.formats.ini import Line, Locate, shown
from assumable.formats.profiles import Sheet, client_of
from assumable.formats.reading import Cursor
from assumable.model.call import Call
from assumable.model.client import Client, Place
from assumable.model.roles_anywhere import ROLES_ANYWHERE, Anywhere
from assumable.model.route import route_of
from assumable.model.routed import hops_of, misfit, routed
from assumable.source import Location

_CLIENT = frozenset((
    "profile", "config", "credentials", "environment", "sso_tokens", "process_failure", "keys_of",
    "missing_files",
))  # fmt: skip


def read_set_up(cursor: Cursor) -> Client:
    """The set-up; InputError for a text that no SDK can read."""
    fields = cursor.fields(_CLIENT)
    environment = fields["environment"].fields() if "environment" in fields else {}
    tokens = fields["sso_tokens"].fields() if "sso_tokens" in fields else {}
    client = client_of(
        _sheet(fields.get("config"), "~/.aws/config"),
        _sheet(fields.get("credentials"), "~/.aws/credentials"),
        {name: item.text() for name, item in environment.items()},
        profile=fields["profile"].text() if "profile" in fields else None,
    )
    sign_ins = {
        name: None if item.value is None else item.moment() for name, item in tokens.items()
    }
    failure = fields["process_failure"].text() if "process_failure" in fields else ""
    missing = fields["missing_files"].items() if "missing_files" in fields else ()
    owner = fields["keys_of"].text() if "keys_of" in fields else ""
    return msgspec.structs.replace(
        client, sign_ins=sign_ins, process_failure=failure, keys_of=owner,
        missing_files=frozenset(item.text() for item in missing),
        keys_are=f"those of {arn.display_name(owner)}" if owner else "",
    )  # fmt: skip


def through(call: Call, client: Client, fields: dict[str, Cursor]) -> Call:
    """The call that the set-up makes; InputError where the rest of the scenario contradicts it."""
    if "chain" in fields:
        fields["chain"].fail(
            "`chain` and `client` exclude each other", "the profile says which roles come first"
        )
    if "parameters" in fields:
        client = msgspec.structs.replace(client, asked=call.parameters)
    route = route_of(client, call.time)
    if call.caller.arn == ROLES_ANYWHERE and route.start is not None:
        client = msgspec.structs.replace(client, anywhere=Anywhere(of=route.start.profile))
        route = route_of(client, call.time)
    hops = hops_of(client, route)
    if not hops and client.asked is None and route.fault is None:
        fields["client"].fail(
            f"the profile `{client.profile_name}` assumes no role",
            "say with `parameters` which role is asked for with its credentials",
        )
    why_not = misfit(route, call.caller)
    if why_not:
        fields["caller"].fail(why_not, "the caller is whose credentials the way starts from")
    return routed(call, client)


def _sheet(cursor: Cursor | None, name: str) -> Sheet:
    if cursor is None:
        return Sheet("", lambda _: Place(file=name), name)
    return Sheet(cursor.text(), _inside(cursor.location), name)


def _inside(location: Location) -> Locate:
    """Places in a text that is a value of another document.

    A literal block of YAML has a line for each of its own; of any other text only the place of the
    whole is known.
    """
    document, span = location.document, location.span()

    def locate(line: Line) -> Place:
        if span is None:
            return Place(file=document.name)
        opening = document.lines[span.line - 1][span.column - 1 :]
        row = span.line + line.number
        outer = document.lines[row - 1] if row <= len(document.lines) else ""
        if not opening.startswith("|") or not outer.endswith(line.text):
            return Place(file=document.name, line=span.line, column=span.column)
        shift = len(outer) - len(line.text)
        return Place(
            file=document.name,
            line=row,
            column=line.start + shift + 1,
            end=max(line.end, line.start) + shift + 1,
            excerpt=outer[:shift] + shown(line),
        )

    return locate
