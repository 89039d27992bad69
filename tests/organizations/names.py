"""The names in an organization: each is found from its place, without making what is beside it."""

import base64
import functools
import random
from typing import NamedTuple

from tests.organizations import mix
from tests.organizations.mix import Size, drawn

MANAGEMENT, TOOLING = 0, 1
"""Which accounts of the list those are."""


class RoleName(NamedTuple):
    """One role, as others refer to it."""

    place: int
    """Of its account, in the list of all."""
    number: int
    """Within the account."""
    account: str
    kind: str
    """Whom it trusts: a key of `mix.TRUSTS`, or `hub` or `stage`."""
    path: str
    name: str
    word: str
    """The service, the permission set or the hub that it is named after."""
    team: str

    @property
    def arn(self) -> str:
        """The ARN."""
        return f"arn:aws:iam::{self.account}:role{self.path}{self.name}"


class Names:
    """The names of an organization of some size; two with one seed and size are equal."""

    def __init__(self, seed: int, size: Size) -> None:
        """Only the accounts are listed."""
        self.seed, self.size = seed, size
        rng = random.Random(f"{seed}/organization")
        self.accounts = [str(n) for n in rng.sample(range(10**11, 10**12), size.accounts)]
        self.id = f"o-{word(rng, 10)}"
        self.root = f"r-{word(rng, 4)}"

    @property
    def tooling(self) -> str:
        """The account from which the others are run."""
        return self.accounts[TOOLING % len(self.accounts)]

    def unit(self, name: str) -> str:
        """The id of an organizational unit."""
        return f"ou-{self.root[2:]}-{word(random.Random(f'{self.seed}/{name}'), 8)}"

    def team(self, place: int) -> str:
        """Whose account that is."""
        return mix.TEAMS[place % len(mix.TEAMS)]

    @property
    def hubs(self) -> list[str]:
        """The roles of the tooling account that others trust."""
        found = list(mix.HUBS)[: self.size.roles]
        return [f"arn:aws:iam::{self.tooling}:role/{name}" for name in found]

    def role(self, place: int, number: int) -> RoleName:
        """A role of an account; the number follows the weights, hubs and stages aside."""
        account = self.accounts[place]
        rng = random.Random(f"{self.seed}/{account}/{number}")
        kind, own, path = drawn(rng, mix.TRUSTS), "", "/"
        if account == self.tooling and number < len(mix.HUBS):
            kind, own = "hub", list(mix.HUBS)[number]
            name = own
        elif number % mix.STAGE_EVERY == mix.STAGE_AT:
            kind, name = "stage", f"pipeline-{number:03}"
        elif kind == "service":
            own = rng.choice(list(mix.SERVICES))
            name = f"{rng.choice(mix.APPS)}-{mix.SERVICES[own]}-{number:03}"
            path = "/service-role/" if rng.random() < 0.3 else path
        elif kind == "service-linked":
            own = rng.choice(list(mix.SERVICE_LINKED))
            name = f"AWSServiceRoleFor{mix.SERVICE_LINKED[own][0]}_{number:03}"
            path = f"/aws-service-role/{own}.amazonaws.com/"
        elif kind == "identity-center":
            own = rng.choice(list(mix.PERMISSION_SETS))
            name = f"AWSReservedSSO_{own}_{rng.getrandbits(64):016x}"
            path = f"/aws-reserved/sso.amazonaws.com/{mix.REGIONS[0]}/"
        else:
            name = f"{rng.choice(mix.PURPOSES)}-{rng.choice(mix.APPS)}-{number:03}"
            path = rng.choice(("/", "/", "/", "/platform/", f"/teams/{self.team(place)}/"))
        team = rng.choice((self.team(place), rng.choice(mix.TEAMS)))
        return RoleName(place, number, account, kind, path, name, own, team)

    def any_role(self, rng: random.Random, place: int) -> RoleName:
        """A role of any account, of the account at that place as often as not."""
        where = place if rng.random() < 0.5 else rng.randrange(len(self.accounts))
        return self.role(where, rng.randrange(self.size.roles))

    def user(self, place: int, number: int) -> tuple[str, str]:
        """Path and name of a user."""
        rng = random.Random(f"{self.seed}/{self.accounts[place]}/user/{number}")
        if rng.random() < 0.2:
            return "/service/", f"svc-{rng.choice(mix.APPS)}-{number:02}"
        name = f"{rng.choice(mix.FIRST_NAMES)}.{rng.choice(mix.LAST_NAMES)}{number:02}"
        return rng.choice(("/", "/people/")), name

    def user_arn(self, place: int, number: int) -> str:
        """The ARN of a user."""
        path, name = self.user(place, number)
        return f"arn:aws:iam::{self.accounts[place]}:user{path}{name}"


def word(rng: random.Random, length: int) -> str:
    """Small letters and digits, as in the ids of AWS Organizations."""
    return base64.b32encode(rng.randbytes(length)).decode()[:length].lower()


def unique_id(rng: random.Random, prefix: str) -> str:
    """An id such as AROA…, as IAM gives."""
    return prefix + base64.b32encode(rng.randbytes(11)).decode()[:17]


@functools.cache
def named(seed: int, size: Size) -> Names:
    """The names of an organization, made once."""
    return Names(seed, size)
