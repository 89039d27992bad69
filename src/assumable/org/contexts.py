"""What rules can ask of whoever calls, whatever role the call is for.

Of what is the same for all users, or all roles, of an account, one of them is asked for all.
"""

from datetime import datetime

from assumable.engine.context import RequestContext
from assumable.engine.facts import CALLERS_KEPT, Facts
from assumable.engine.keys.caller import of_known_principal
from assumable.engine.layers import Prepared
from assumable.engine.remembered import Remembered
from assumable.model.call import Value
from assumable.model.policy import Layer
from assumable.model.world import Account, Role
from assumable.org.calls import ACTION, CallOf
from assumable.org.looks import OF_THE_REQUEST
from assumable.org.universe import Universe

_ANY_ROLE = "arn:aws:iam::000000000000:role/any"
_SHARED = OF_THE_REQUEST | {
    "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalaccount",
    "aws:principalisawsservice", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltype",
}  # fmt: skip
"""Keys that are the same for all users, or all roles, of an account."""


class CallerContext:
    """That of a user or role whose name is known and who may call.

    `like` is the engine's of one of the same kind: of the users, or the roles, of an account.
    """

    __slots__ = ("_contexts", "_number", "_whole", "like")

    def __init__(self, contexts: "Contexts", number: int, like: RequestContext) -> None:
        """Nothing is looked up before it is asked for."""
        self._contexts, self._number, self.like = contexts, number, like
        self._whole: RequestContext | None = None

    def get(self, key: str) -> Value:
        """The value of a key."""
        return self.value(key.lower())

    def value(self, name: str) -> Value:
        """The same for a key that is in lower case already."""
        if name in _SHARED:
            return self.like.value(name)
        if name == "aws:principalarn":
            return of_known_principal(self._contexts.name(self._number))
        if self._whole is None:
            self._whole = self._contexts.whole(self._number)
        return self._whole.value(name)

    def assumed(self, item: str) -> bool | None:
        """How the user decided an open item; None leaves it open."""
        return self.like.assumed(item)

    def takes(self, item: str) -> bool:
        """Which reading of an open item decides, where one is the default."""
        return self.like.takes(item)


class Contexts:
    """Of each principal, found out when it is first asked for."""

    def __init__(
        self, universe: Universe, prepared: Prepared, now: datetime, call_of: CallOf
    ) -> None:
        """Of the calls at a time that `call_of` makes."""
        self._universe, self._lookups = universe, prepared.lookups
        self._now, self._call_of = now, call_of
        self._kinds: dict[tuple[type, str], RequestContext | None] = {}
        self._of = Remembered[int, CallerContext | RequestContext](CALLERS_KEPT)

    def of(self, number: int) -> CallerContext | RequestContext:
        """What its rules see, and those of roles: as no call presents MFA, all layers see the same.

        That of the engine is for those whose credentials or name count: nobody is like them.
        """
        found = self._of.get(number)
        if found is None:
            like = self._like(number)
            found = self.whole(number) if like is None else CallerContext(self, number, like)
            self._of[number] = found
        return found

    def _like(self, number: int) -> RequestContext | None:
        principal = self._universe.principals[number]
        linked = isinstance(principal, Role) and principal.is_service_linked
        if linked or not principal.path_known:
            return None
        key = type(principal), principal.arn.rpartition(":")[0]
        if key not in self._kinds:
            self._kinds[key] = self._of_its_kind(number)
        return self._kinds[key]

    def _of_its_kind(self, number: int) -> RequestContext | None:
        account = self._universe.world.account(self._universe.accounts[number])
        if isinstance(account, Account) and len(account.roles_by_name) < len(account.roles):
            return None  # a session's ARN does not say which of them it is of
        context = self.whole(number)
        return context if context.facts.caller_side.may_call else None

    def whole(self, number: int) -> RequestContext:
        """The same as the engine has it."""
        return RequestContext(self.facts(number, _ANY_ROLE), ACTION, Layer.IDENTITY)

    def name(self, number: int) -> str:
        """The ARN of a principal."""
        return self._universe.names[number]

    def facts(self, number: int, role_arn: str) -> Facts:
        """The call of a principal."""
        call = self._call_of(self._universe.principals[number], role_arn, self._now)
        return Facts(self._lookups, call)
