"""Every pair decided by itself and by the engine alone: what the index and the classes are held to.

Here nobody is left out and nobody is like anybody else, and the tags of a session are told to the
engine one by one: each that the world has a word for.
"""

import itertools
import re
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from assumable.engine.evaluate import decide
from assumable.engine.layers import Prepared
from assumable.engine.rules import unread_allows
from assumable.engine.truth import Truth, all_of, any_of, atoms, describe, settle
from assumable.model.policy import Policy
from assumable.model.world import Principal, Role, Unknown, World
from assumable.org.calls import plain_call

_ASKED = re.compile(r"aws:principaltag/[^\"},\\]+")
_TAG = "aws:principaltag/"


class OneByOne:
    """A world, and how each pair in it is decided; who does not exist is denied."""

    def __init__(self, world: World, now: datetime) -> None:
        self._prepared, self._now = Prepared(world), now
        self.found = {principal.arn: principal for principal in world.principals()}
        held = world.accounts, world.organizations
        text = msgspec.json.encode(held, enc_hook=lambda _: "").decode().lower()
        self._asked = {key.strip() for key in _ASKED.findall(text)}

    def __call__(self, pair: tuple[str, str]) -> Truth:
        """By a plain call, or by a session that somebody may tag."""
        caller, role = (self.found.get(name) for name in pair)
        if caller is None or not isinstance(role, Role):
            return False
        return either(self.plain(caller, role), self.tagged(caller, role))

    def plain(self, caller: Principal, role: Role) -> Truth:
        return decide(self._prepared, plain_call(caller, role.arn, self._now)).passes

    def tagged(self, caller: Principal, role: Role) -> Truth:
        """With every tag not known, and there where the role itself has it."""
        if not isinstance(caller, Role) or _may_be_tagged(caller) is False:
            return False
        tags = {} if isinstance(caller.tags, Unknown) else caller.tags
        own = {f"{_TAG}{key.lower()}" for key in tags}
        what, settle = "the tags of the caller's session", "the event that created it"
        values = {key: Unknown(what, settle, present=key in own) for key in self._asked}
        call = plain_call(caller, role.arn, self._now)
        call = msgspec.structs.replace(call, overrides={**call.overrides, **values})
        return all_of((decide(self._prepared, call).passes, _may_be_tagged(caller)))

    def to(self, role: Role) -> Iterator[tuple[str, Truth, Truth]]:
        """Everybody, with the plain call, and the one or the other."""
        for caller in self.found.values():
            plain = self.plain(caller, role)
            yield caller.arn, plain, either(plain, self.tagged(caller, role))


def either(plain: Truth, tagged: Truth) -> Truth:
    """The plain call alone, if it passes under all answers that the tagged one passes under."""
    asked = dict.fromkeys((*atoms(plain), *atoms(tagged)))
    for answers in itertools.product((False, True), repeat=len(asked)):
        said = dict(zip(asked, answers, strict=True))
        if settle(tagged, said.get) is True and settle(plain, said.get) is False:
            return any_of((plain, tagged))
    return plain


def _may_be_tagged(role: Role) -> Truth:
    """Whether a statement allows it, and none denies it to everyone."""
    if not isinstance(role.trust, Policy):
        return unread_allows(role.trust, "sts:TagSession")
    about = [
        each
        for each in role.trust.statements
        if each.not_action
        != any(fnmatchcase("sts:tagsession", action.lower()) for action in each.actions)
    ]
    denied = (
        each.effect == "Deny" and not each.conditions and each.principals[0].kind == "*"
        for each in about
        if each.principals
    )
    return any(each.effect == "Allow" for each in about) and not any(denied)


def told(truth: Truth) -> str | None:
    """The condition in words, empty where there is none; None of a denial."""
    return None if truth is False else "" if truth is True else describe(truth)
