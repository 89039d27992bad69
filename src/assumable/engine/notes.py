"""What is odd about a call though it decides nothing by itself."""

from collections.abc import Iterator

from assumable.engine import assume_root
from assumable.engine.assume_root import ASSUME_ROOT
from assumable.engine.facts import Facts
from assumable.engine.parameters import DOCUMENTED_SOURCE_IDENTITY, ignored
from assumable.model.call import Call
from assumable.model.routed import certificate_behind
from assumable.model.world import Unknown

MAX_PLAIN_POLICY = 2048
LARGE_TAGS = 300
"""Characters of keys and values from which on a note warns: an estimate of what the six tags of EKS
Pod Identity come to, which fill 74 % of the packed space (R4.3). Its size is not published."""


def call_notes(facts: Facts) -> Iterator[str]:
    """The notes on the request, in the order in which a reader meets the parameters."""
    call = facts.call
    for name in ignored(call):
        yield f"`{name}` is no parameter of {call.api}: STS ignores it"
    if call.api == ASSUME_ROOT:
        yield from assume_root.notes(facts)
    named = call.api not in ("AssumeRoleWithSAML", ASSUME_ROOT)
    required = named and not facts.caller_is_service and not call.asks_nothing
    if required and not call.parameters.get("RoleSessionName"):
        yield (
            "no RoleSessionName was given: AWS requires one, and the AWS CLI and boto3 send "
            "nothing without it"
        )
    yield from _long_values(call)
    yield from _network_notes(call)
    certificate = certificate_behind(call)
    if certificate is not None and call.client is not None and call.client.hop == 1:
        yield (
            f"by IAM Roles Anywhere the profile gets sessions of {certificate.role_arn}, with the "
            f"profile {certificate.profile_arn} and the trust anchor {certificate.anchor_arn}"
        )


def _long_values(call: Call) -> Iterator[str]:
    """Values that are longer than documented, or likely too long together (C-4, R4.3)."""
    passed = call.parameters.get("SourceIdentity")
    if isinstance(passed, str) and len(passed) > DOCUMENTED_SOURCE_IDENTITY:
        yield (
            f"SourceIdentity has {len(passed)} characters: AWS documents at most "
            f"{DOCUMENTED_SOURCE_IDENTITY}, though up to 256 were seen to be accepted"
        )
    inherited = {key.lower() for key in call.session.transitive_tag_keys}
    handed_on = {k: v for k, v in call.session.tags.items() if k.lower() in inherited}
    size = sum(
        len(key) + (len(value) if isinstance(value, str) else 0)
        for key, value in {**handed_on, **call.tags}.items()
    )
    if size > LARGE_TAGS:
        yield (
            f"the session tags come to {size} characters, inherited ones included: AWS packs tags "
            "and policies into a space whose size it does not publish, and answers "
            "PackedPolicyTooLarge when it is full"
        )
    policy, arns = call.parameters.get("Policy"), call.parameters.get("PolicyArns")
    if isinstance(policy, str) and isinstance(arns, list):
        length = len(policy) + sum(len(_arn(entry)) for entry in arns)
        if length > MAX_PLAIN_POLICY:
            yield (
                f"Policy and PolicyArns have {length} characters together: AWS documents at most "
                f"{MAX_PLAIN_POLICY}"
            )


def _arn(entry: object) -> str:
    return str(entry.get("arn", "") if isinstance(entry, dict) else entry)


def _network_notes(call: Call) -> Iterator[str]:
    network = call.network
    if network.assumed:
        yield "taken for granted: no VPC endpoint policy stands in the way"
    through = network.vpc_endpoint is not None and not isinstance(network.vpc_endpoint, Unknown)
    if through and network.endpoint == "global":  # R1.34
        yield (
            "a VPC endpoint serves the regional endpoint of STS: a request to the global one goes "
            "past it, so either the endpoint or the VPC endpoint is not what was used"
        )
