"""The policies of one kind that an organization attaches on the way down to an account.

Not every level need be asked. While SCPs are on, every root, unit and account has at least one
(https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html), and while
RCPs are, RCPFullAWSAccess cannot be detached from any
(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html):
where nothing of the organization's own is attached, AWS's policy is, which allows everything. So it
is where the type is off, for then nothing is attached anywhere, and nothing is restricted
(https://docs.aws.amazon.com/organizations/latest/userguide/disable-policy-type.html).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from assumable.aws.clients import Connection, Question
from assumable.aws.principals import parsed
from assumable.formats.organization import full_access
from assumable.model.policy import Layer, PolicyName
from assumable.model.world import Node, PolicyOrUnknown, Unknown

_TYPES = {Layer.SCP: "SERVICE_CONTROL_POLICY", Layer.RCP: "RESOURCE_CONTROL_POLICY"}
FULL_ACCESS = frozenset(("p-FullAWSAccess", "p-RCPFullAWSAccess"))
Levels = dict[str, tuple[PolicyOrUnknown, ...]]
Summary = dict[str, Any]
"""A policy as it is listed, without its text."""


def listed(layer: Layer, reader: Connection) -> tuple[Summary, ...] | None:
    """Every policy of one kind that the organization has; None where that is not told."""
    what = f"the {layer.upper()}s of the organization were"
    answer = reader.ask("organizations", "ListPolicies", what, "*", Filter=_TYPES[layer])
    if not isinstance(answer, dict):
        return None
    found = tuple(answer["Policies"])
    # FullAWSAccess cannot be deleted: a list without it is not the whole list.
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_policies_delete.html
    return found if layer is Layer.RCP or _of_aws(found) else None


def own(policies: Iterable[Summary]) -> tuple[Summary, ...]:
    """Those that are not AWS's: they alone can restrict anything."""
    return tuple(policy for policy in policies if policy["Id"] not in FULL_ACCESS)


def everywhere(
    layer: Layer, policies: Iterable[Summary], node: Node
) -> tuple[PolicyOrUnknown, ...]:
    """What is attached to a node that none of the organization's own policies is attached to."""
    return tuple(full_access(_label(layer, policy, node)) for policy in _of_aws(policies))


def attached(
    layer: Layer,
    path: Sequence[Node],
    policies: Sequence[Summary] | None,
    readers: Iterable[Connection],
) -> Levels | Unknown:
    """The policies at every level of a path, by the first connection that may list them.

    `policies` are those of the organization, None where they are not known.
    """
    refusal = Unknown(f"the {layer}s", "organizations:ListPoliciesForTarget")
    for reader in readers:
        found: Levels | Unknown = refusal
        if policies is not None and _are_few(layer, own(policies), path):
            found = _by_policy(layer, path, policies, reader)
        if isinstance(found, Unknown):
            found = _by_level(layer, path, reader)
        if not isinstance(found, Unknown):
            return found
        refusal = found
    return refusal


def _are_few(layer: Layer, policies: Sequence[Summary], path: Sequence[Node]) -> bool:
    """Whether asking each policy for its targets takes no more calls than asking each level.

    A level with an SCP of its own is asked besides.
    """
    return len(policies) * (2 if layer is Layer.SCP else 1) <= len(path)


def _by_policy(
    layer: Layer, path: Sequence[Node], policies: Sequence[Summary], reader: Connection
) -> Levels | Unknown:
    reader.prefetch(*(_targets_of(policy) for policy in own(policies)))
    places: dict[str, list[Summary]] = {node.id: [] for node in path}
    for policy in own(policies):
        what, asked = f"the targets of {policy['Id']} were", dict(_targets_of(policy).parameters)
        answer = reader.ask("organizations", "ListTargetsForPolicy", what, policy["Id"], **asked)
        if not isinstance(answer, dict):
            return answer or Unknown(what)
        for target in answer["Targets"]:
            places.get(target["TargetId"], []).append(policy)
    levels: Levels = {}
    for node in path:
        if layer is Layer.SCP and places[node.id]:
            found = _of_level(layer, node, reader)  # FullAWSAccess may be detached there
            if isinstance(found, Unknown):
                return found
            levels[node.id] = found
        else:
            here = tuple(_content(layer, policy, node, reader) for policy in places[node.id])
            levels[node.id] = everywhere(layer, policies, node) + here
    return levels


def _by_level(layer: Layer, path: Sequence[Node], reader: Connection) -> Levels | Unknown:
    levels: Levels = {}
    for node in path:
        found = _of_level(layer, node, reader)
        if isinstance(found, Unknown):
            return found
        if not levels:  # who may list one level may list the others
            reader.prefetch(*(_listing(layer, other) for other in path))
        levels[node.id] = found
    if layer is Layer.SCP and not any(levels.values()):
        # Every level must hold an SCP while the type is enabled; none anywhere means that SCPs
        # are off, and nothing is restricted.
        return {node.id: (full_access(PolicyName(layer, "SCPs are disabled", node.id)),)
                for node in path}  # fmt: skip
    return levels


def _targets_of(policy: Summary) -> Question:
    return Question.of("organizations", "ListTargetsForPolicy", PolicyId=policy["Id"])


def _listing(layer: Layer, node: Node) -> Question:
    return Question.of(
        "organizations", "ListPoliciesForTarget", TargetId=node.id, Filter=_TYPES[layer]
    )


def _of_level(
    layer: Layer, node: Node, reader: Connection
) -> tuple[PolicyOrUnknown, ...] | Unknown:
    what, asked = f"the {layer}s of {node.id} were", dict(_listing(layer, node).parameters)
    answer = reader.ask("organizations", "ListPoliciesForTarget", what, node.id, **asked)
    if answer is None:
        return ()
    if isinstance(answer, Unknown):
        return answer
    ids = [policy["Id"] for policy in own(answer["Policies"])]
    reader.prefetch(*(Question.of("organizations", "DescribePolicy", PolicyId=i) for i in ids))
    return tuple(_content(layer, policy, node, reader) for policy in answer["Policies"])


def _of_aws(policies: Iterable[Summary]) -> tuple[Summary, ...]:
    return tuple(policy for policy in policies if policy["Id"] in FULL_ACCESS)


def _label(layer: Layer, policy: Summary, node: Node) -> PolicyName:
    return PolicyName(layer, str(policy.get("Name", policy["Id"])), node.id, policy["Id"])


def _content(layer: Layer, policy: Summary, node: Node, reader: Connection) -> PolicyOrUnknown:
    policy_id, label = policy["Id"], _label(layer, policy, node)
    if policy_id in FULL_ACCESS:
        return full_access(label)
    what = f"{layer} {label.name} was"
    answer = reader.ask("organizations", "DescribePolicy", what, policy_id, PolicyId=policy_id)
    if answer is None:
        return Unknown(
            f"{what} deleted while it was read", f"organizations:DescribePolicy on {policy_id}"
        )
    return answer if isinstance(answer, Unknown) else parsed(answer["Policy"]["Content"], label)
