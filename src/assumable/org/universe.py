"""Every principal of a world under a number, so that sets of them are single integers."""

from collections.abc import Iterator

from assumable import arn
from assumable.model.world import Account, Principal, Role, World

Members = int
"""A set of principals: bit n stands for principal n."""


class Universe:
    """The users and roles of a world, account by account."""

    def __init__(self, world: World) -> None:
        """Numbers are given in the order of accounts and ARNs; the same world gives the same."""
        self.world = world
        known = sorted(world.principals(), key=lambda found: (found.account, found.arn))
        self.principals: tuple[Principal, ...] = tuple(known)
        self.number: dict[str, int] = {found.arn: n for n, found in enumerate(known)}
        self._of_account: dict[str, Members] = {}
        self._roles: dict[tuple[str, str], int] = {}
        for n, found in enumerate(known):
            self._of_account[found.account] = self._of_account.get(found.account, 0) | 1 << n
            if isinstance(found, Role):
                self._roles[found.account, found.name] = n
        self.everyone: Members = (1 << len(known)) - 1

    def of_account(self, account_id: str) -> Members:
        """The principals of an account."""
        return self._of_account.get(account_id, 0)

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
            return 0
        if parts.resource == "root":
            return self.of_account(parts.account)
        if parts.kind == "assumed-role":
            name = parts.resource.split("/")[1] if "/" in parts.resource else ""
            return self._bit(self._roles.get((parts.account, name)))
        return self._bit(self.number.get(text))

    @staticmethod
    def _bit(number: int | None) -> Members:
        return 0 if number is None else 1 << number


def numbers(found: Members) -> Iterator[int]:
    """The numbers in a set, lowest first."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest
