"""Session tags: whose sessions somebody can tag, and by which tags they would be told apart.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from collections.abc import Iterable

import msgspec

from assumable.engine.facts import TAG_SESSION
from assumable.engine.rules import Rule, action_matches
from assumable.model.call import Call
from assumable.model.policy import Effect, Policy
from assumable.model.world import Role, Unknown
from assumable.org.looks import keys_of

_TAG = "aws:principaltag/"


def can_be_tagged(role: Role) -> bool:
    """Whether somebody may tag its sessions: the API or token that does needs it (FACTS 3.1)."""
    return not isinstance(role.trust, Policy) or any(
        statement.effect is Effect.ALLOW and action_matches(statement, TAG_SESSION)
        for statement in role.trust.statements
    )


def tags_in(rules: Iterable[Rule]) -> frozenset[str]:
    """The condition keys in rules that are tags of the caller."""
    return frozenset(key for rule in rules for key in keys_of(rule) if key.startswith(_TAG))


def tagged(call: Call, role: Role, keys: Iterable[str]) -> Call:
    """The same call of a session of the role that may have any of the tags.

    A tag of the session wins over the role's own (FACTS 5.1), which is there in any case.
    """
    known = () if isinstance(role.tags, Unknown) else role.tags
    own = {f"{_TAG}{key.lower()}" for key in known}
    what, settle = "the tags of the caller's session", "the event that created it"
    values = {key: Unknown(what, settle, present=key in own) for key in keys}
    return msgspec.structs.replace(call, overrides={**call.overrides, **values})
