"""What was read, account by account; nothing in them is complete."""

from collections.abc import Mapping

import msgspec

from assumable import arn
from assumable.model.world import Account, Provider, Role, Unknown, User, VpcEndpoint


class Accounts:
    """Collects principals, providers and settings as they are read."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._accounts: dict[str, Account] = {}
        self._unread: dict[str, Unknown] = {}
        self.endpoints: dict[str, VpcEndpoint] = {}

    @property
    def known(self) -> Mapping[str, Account | Unknown]:
        """The accounts of which something was read, or is known not to be readable."""
        return {**self._unread, **self._accounts}

    def _account(self, account_id: str) -> Account:
        return self._accounts.get(account_id) or Account(id=account_id, complete=False)

    def _change(self, account: Account, **changes: object) -> None:
        self._accounts[account.id] = msgspec.structs.replace(account, **changes)

    def add(self, principal: User | Role) -> None:
        """A principal that exists."""
        account = self._account(principal.account)
        field = "roles" if isinstance(principal, Role) else "users"
        self._change(account, **{field: {**getattr(account, field), principal.arn: principal}})

    def add_provider(self, provider: Provider) -> None:
        """An identity provider that is registered."""
        account = self._account(arn.account_of(provider.arn))
        self._change(account, providers={**account.providers, provider.arn: provider})

    def add_region(self, account_id: str, region: str, status: str) -> None:
        """Whether an account has a Region switched on, in AWS's words."""
        account = self._account(account_id)
        self._change(account, regions={**account.regions, region: status})

    def missing(self, thing: str) -> None:
        """What was asked for, by its ARN, and does not exist."""
        account = self._account(arn.account_of(thing))
        self._change(account, absent=account.absent | {thing})

    def unread(self, account_id: str, why: Unknown) -> None:
        """An account of which nothing could be read, unless something else was."""
        self._unread.setdefault(account_id, why)

    def role(self, role_arn: str) -> Role | None:
        """A role that was read already."""
        return self._account(arn.account_of(role_arn)).roles.get(role_arn)

    def role_named(self, account_id: str, name: str) -> Role | None:
        """A role that was read already, whatever its path."""
        return self._account(account_id).roles_by_name.get(name)
