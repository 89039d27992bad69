"""Every principal of a world under a number, so that sets of them are sets of integers."""

from collections.abc import Iterator
from operator import itemgetter

from pyroaring import BitMap

from assumable import arn
from assumable.model.world import Account, Principal, Role, World

Members = BitMap
"""A set of principals, by their numbers. INVARIANT: none is changed once it is handed out."""


class Universe:
    """The users and roles of a world, account by account."""

    def __init__(self, world: World) -> None:
        """Numbers are given in the order of accounts and ARNs; the same world gives the same."""
        self.world = world
        placed = ((found.account, found.arn, found) for found in world.principals())
        known = sorted(placed, key=itemgetter(0, 1))
        self.principals: tuple[Principal, ...] = tuple(found for _, _, found in known)
        self.names: tuple[str, ...] = tuple(name for _, name, _ in known)
        self.number: dict[str, int] = {name: n for n, name in enumerate(self.names)}
        self.accounts: tuple[str, ...] = tuple(account for account, _, _ in known)
        """The account of each principal."""
        self._of_account: dict[str, Members] = {}
        self._roles: dict[tuple[str, str], int] = {}
        first = 0
        for n, (account, found) in enumerate(zip(self.accounts, self.principals, strict=True)):
            if account != self.accounts[first]:
                self._of_account[self.accounts[first]] = Members(range(first, n))
                first = n
            if isinstance(found, Role):
                self._roles[account, found.name] = n
        if self.principals:
            self._of_account[self.accounts[first]] = Members(range(first, len(self.principals)))
        self.everyone = Members(range(len(self.principals)))
        self.unsure = Members(n for n, (_, _, found) in enumerate(known) if not found.path_known)
        """Those whose own ARN is a guess."""

    def roles(self) -> Iterator[Role]:
        """Every role, in the order of their numbers."""
        return (found for found in self.principals if isinstance(found, Role))

    def of_account(self, account_id: str) -> Members:
        """The principals of an account."""
        return self._of_account.get(account_id, _NOBODY)

    def is_listed(self, account_id: str) -> bool:
        """Whether an account was read, so that its principals are known."""
        return isinstance(self.world.accounts.get(account_id), Account)

    def named(self, text: str) -> Members:
        """Whom one `AWS` entry of a `Principal` element can mean.

        Accounts stand for their principals, a session for its role, an id for nobody (R2.5);
        INVARIANT: nobody who can be meant is left out (FACTS 2.1).
        """
        if text == "*":
            return self.everyone
        if arn.ACCOUNT_ID.fullmatch(text):
            return self.of_account(text)
        parts = arn.parse(text)
        if parts is None:
            return _NOBODY
        if parts.resource == "root":
            return self.of_account(parts.account)
        if parts.kind == "assumed-role":
            name = parts.resource.split("/")[1] if "/" in parts.resource else ""
            return _only(self._roles.get((parts.account, name)))
        return _only(self.number.get(text))


_NOBODY = Members()


def _only(number: int | None) -> Members:
    return _NOBODY if number is None else Members((number,))
