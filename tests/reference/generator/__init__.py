"""Seeded generators of small worlds with one AssumeRole* call each.

`scenario(seed, family)` starts from a call that would pass and builds a few random faults in. What
it emits is plain JSON in the scenario format, so that the reference evaluator has an answer. The
facts that a generator keeps about its call only steer which conditions hold; they decide nothing.
"""

from random import Random

from tests.reference.generator.chains import chain
from tests.reference.generator.maker import Maker
from tests.reference.generator.parameters import Limits
from tests.reference.generator.principals import Principal
from tests.reference.generator.saml import Saml
from tests.reference.generator.services import Service
from tests.reference.generator.unknowns import unknown
from tests.reference.generator.web_identity import WebIdentity

FAMILIES = ("classic", "web-identity", "saml", "service", "chain", "parameters", "unknown")
MAKERS: dict[str, type[Maker]] = {
    "classic": Principal,
    "web-identity": WebIdentity,
    "saml": Saml,
    "service": Service,
    "parameters": Limits,
}


def scenario(seed: int, family: str = "classic") -> dict:
    """The scenario of this seed in this family."""
    rng = Random(f"{family} {seed}")  # a text: the same seed draws differently in each family
    if family == "chain":
        return chain(rng, seed)
    if family == "unknown":
        return unknown(rng, seed)
    return MAKERS[family](rng, seed).scenario()
