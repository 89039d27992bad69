"""What STS looks at in a token or assertion before any policy (FACTS 0 step 6)."""

from collections.abc import Iterator

from assumable.engine.facts import Facts
from assumable.engine.gates import Gate
from assumable.engine.limits import Fault
from assumable.engine.provider import credentials_gate
from assumable.engine.saml import assertion_gates
from assumable.engine.tags import tag_faults, transitive_faults
from assumable.engine.web_identity import claims_gates
from assumable.model.call import Call, SamlCaller, WebIdentityCaller


def token_gates(facts: Facts) -> Iterator[Gate]:
    """The gates of an unsigned caller's token; none for signed calls."""
    caller = facts.call.caller
    if isinstance(caller, SamlCaller):
        yield from assertion_gates(facts, caller)
    elif isinstance(caller, WebIdentityCaller):
        yield from claims_gates(facts, caller.claims)
    if isinstance(caller, SamlCaller | WebIdentityCaller):
        for fault in _tag_faults(facts.call):
            yield credentials_gate(facts, fault)


def _tag_faults(call: Call) -> Iterator[Fault]:
    """Tags that are asserted obey the limits of those that are passed (FACTS section 4)."""
    if call.tags:
        tags = [{"Key": key, "Value": value} for key, value in call.tags.items()]
        yield from tag_faults(call, tags)
    if call.transitive_tag_keys:
        yield from transitive_faults(call, list(call.transitive_tag_keys))
