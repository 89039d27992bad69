"""Session tags: whose sessions somebody may be able to tag, and whom of them that could help.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from collections.abc import Iterator
from datetime import datetime

from assumable.engine.facts import CALLERS_KEPT, TAG_SESSION, Facts
from assumable.engine.layers import Prepared
from assumable.engine.remembered import Remembered
from assumable.engine.rules import Rule, action_matches, unread_allows
from assumable.engine.truth import Truth
from assumable.model.policy import Effect, Policy, Statement
from assumable.model.world import PolicyOrUnknown, Role
from assumable.org.calls import ACTION, tagged_call
from assumable.org.looks import keys_of
from assumable.org.universe import Members, Universe

_TAG = "aws:principaltag/"


def can_be_tagged(trust: PolicyOrUnknown) -> Truth:
    """Whether somebody may tag the sessions of a role with this trust policy.

    The API or token that does needs the permission (FACTS 3.1). Whether whoever can have the role
    is the one who may tag it, and with which tags, is not looked into.
    """
    if not isinstance(trust, Policy):
        return unread_allows(trust, TAG_SESSION)
    about = tuple(each for each in trust.statements if action_matches(each, TAG_SESSION))
    is_denied = any(each.effect is Effect.DENY and _is_to_everyone(each) for each in about)
    return not is_denied and any(each.effect is Effect.ALLOW for each in about)


def _is_to_everyone(statement: Statement) -> bool:
    """Whether it is about everyone, whatever they ask; `AWS: *` leaves bearers out (R1.32)."""
    named = statement.principals or ()
    return not statement.conditions and any(entry.kind == "*" for entry in named)


def _asks_for_a_tag(rule: Rule) -> bool:
    """Whether a rule asks for a tag of the caller."""
    return any(key.startswith(_TAG) for key in keys_of(rule))


class Tagging:
    """Whose sessions somebody may tag, and who of them is asked for a tag."""

    def __init__(self, universe: Universe, prepared: Prepared, now: datetime) -> None:
        """Nobody is looked at before somebody asks."""
        self._universe, self._prepared, self._now = universe, prepared, now
        self._known = Members()
        """Those who were looked at."""
        self._taggable = Members()
        self._unread = Members()
        """Of these, those whose trust policy was not read."""
        self._asked = Members()
        """Of these, those whose own policies, boundary or SCPs ask for a tag."""
        self._asks = Remembered[Rule, bool](CALLERS_KEPT)

    def helped(self, callers: Members, role: Role) -> Members:
        """Of callers whom a role does not let in for certain, whom a tag of the session may help.

        INVARIANT: nobody is left out whom one does help.
        """
        self._look_at(callers - self._known, role)
        found = callers & self._taggable
        return found if self._is_asked_by(role, found) else found & self._asked

    def permitted(self, members: Members) -> Iterator[tuple[Truth, Members]]:
        """Whether somebody may tag their sessions, of those who were found."""
        if read := members - self._unread:
            yield True, read
        for number in members & self._unread:
            principal = self._universe.principals[number]
            assert isinstance(principal, Role)  # noqa: S101  # INVARIANT: only roles are found
            yield can_be_tagged(principal.trust), Members((number,))

    def _look_at(self, members: Members, role: Role) -> None:
        for number in members:
            principal = self._universe.principals[number]
            may = isinstance(principal, Role) and can_be_tagged(principal.trust)
            if may is False:
                continue
            self._taggable.add(number)
            if may is not True:
                self._unread.add(number)
            live = self._prepared.caller_parts(self._facts(number, role)).live(ACTION)
            allows = (rule for _, listed in live.needed for rule in listed.allows)
            if any(map(self._asks_for_a_tag, (*live.denies, *allows))):
                self._asked.add(number)
        self._known |= members

    def _is_asked_by(self, role: Role, members: Members) -> bool:
        """Whether the role's trust policy or RCPs ask for a tag, when one of the members calls."""
        for number in members:
            facts = self._facts(number, role)
            if facts.caller_side.is_service_linked is False:  # which RCPs bind (R1.23)
                rcps = self._prepared.role_parts(facts).live(ACTION).denies  # RCPs only deny
                trust = self._prepared.trust(facts)
                own = () if trust is None else trust.rules
                return any(map(self._asks_for_a_tag, rcps)) or any(map(_asks_for_a_tag, own))
        return True

    def _asks_for_a_tag(self, rule: Rule) -> bool:
        """The same, remembered: callers share policies and SCPs, roles RCPs."""
        found = self._asks.get(rule)
        if found is None:
            found = self._asks[rule] = _asks_for_a_tag(rule)
        return found

    def _facts(self, number: int, role: Role) -> Facts:
        call = tagged_call(self._universe.principals[number], role.arn, self._now)
        return Facts(self._prepared.lookups, call)
