"""What STS looks at in a token or assertion before any policy (FACTS 0 step 6)."""

from collections.abc import Iterator

from assumable.engine.facts import Facts
from assumable.engine.gates import Gate
from assumable.engine.saml import assertion_gates
from assumable.engine.web_identity import claims_gates
from assumable.model.call import SamlCaller, WebIdentityCaller


def token_gates(facts: Facts) -> Iterator[Gate]:
    """The gates of an unsigned caller's token; none for signed calls."""
    caller = facts.call.caller
    if isinstance(caller, SamlCaller):
        yield from assertion_gates(facts, caller)
    elif isinstance(caller, WebIdentityCaller):
        yield from claims_gates(facts, caller.claims)
