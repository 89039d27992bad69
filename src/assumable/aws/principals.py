"""Users, roles and providers read from IAM: what was refused is unknown, what is gone is absent."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from assumable import arn
from assumable.aws.clients import Answer, Connection, Question
from assumable.errors import InputError
from assumable.formats.account import aws_managed_policy, policy_in
from assumable.model.policy import Layer, Policy, PolicyName
from assumable.model.world import PolicyOrUnknown, Provider, Role, Unknown, User
from assumable.source import Document


def read_user(
    connection: Connection, user_arn: str, unique_id: str | None
) -> User | Unknown | None:
    """A user with every policy that applies to it; None when it is gone.

    Its ARN may differ from the one asked for in the path. `unique_id` is what AWS said of the
    caller, None where nobody asked: whether the user of that name has that path is then unknown
    as long as GetUser is refused, and so is whose policies those of that name are.
    """
    name = user_arn.rpartition("/")[2]
    shown = arn.display_name(user_arn)
    connection.prefetch(
        Question.of("iam", "GetUser", UserName=name),
        Question.of("iam", "ListGroupsForUser", UserName=name),
        *_lists("User", name),
    )
    answer = connection.ask("iam", "GetUser", f"{shown} was", user_arn, UserName=name)
    if answer is None:
        return None
    if isinstance(answer, Unknown) and unique_id is None:
        return answer
    policies = [*_policies(connection, "User", name, user_arn), *_of_groups(connection, user_arn)]
    if isinstance(answer, Unknown):
        return User(arn=user_arn, unique_id=unique_id, policies=tuple(policies),
                    tags=_unread("the tags of", shown, answer),
                    boundary=_unread("the permissions boundary of", shown, answer))  # fmt: skip
    found = answer["User"]
    return User(
        arn=str(found["Arn"]),
        unique_id=unique_id or str(found["UserId"]),
        tags=_tags(found),
        policies=tuple(policies),
        boundary=_boundary(connection, found, user_arn),
        created=found.get("CreateDate"),
        policies_changed=_last_change(connection, (("User", name), *_groups(connection, name))),
    )


def read_own_role(connection: Connection, guess: str, unique_id: str | None) -> Role | None:
    """The role behind a session, with its policies; None when it is gone.

    `guess` is its ARN as far as the session shows it, that is without the path.
    """
    name, shown = guess.rpartition("/")[2], arn.display_name(guess)
    connection.prefetch(Question.of("iam", "GetRole", RoleName=name), *_lists("Role", name))
    answer = connection.ask("iam", "GetRole", f"{shown} was", guess, RoleName=name)
    if answer is None:
        return None
    if isinstance(answer, Unknown):
        return Role(
            arn=guess, path_known=False, unique_id=unique_id,
            policies=tuple(_policies(connection, "Role", name, guess)),
            tags=_unread("the tags of", shown, answer),
            boundary=_unread("the permissions boundary of", shown, answer),
            trust=_unread("the trust policy of", shown, answer),
            max_session_duration=_unread("MaxSessionDuration of", shown, answer),
        )  # fmt: skip
    own_arn = str(answer["Role"]["Arn"])
    role = _role(answer["Role"])
    return msgspec.structs.replace(
        role,
        policies=tuple(_policies(connection, "Role", name, own_arn)),
        boundary=_boundary(connection, answer["Role"], own_arn),
        policies_changed=_last_change(connection, (("Role", name),)),
    )


def read_target_role(connection: Connection, role_arn: str) -> Role | Unknown | None:
    """The role that is asked for, as GetRole has it: its own policies play no part.

    Its ARN may differ from the one asked for in the path; None when the account has no such role.
    """
    name = role_arn.rpartition("/")[2]
    what = f"{arn.display_name(role_arn)} was"
    answer = connection.ask("iam", "GetRole", what, role_arn, RoleName=name)
    return _role(answer["Role"]) if isinstance(answer, dict) else answer


def read_provider(connection: Connection, provider_arn: str) -> Provider | Unknown | None:
    """An OIDC or SAML provider; None when the account has no such provider."""
    is_saml = ":saml-provider/" in provider_arn
    operation = "GetSAMLProvider" if is_saml else "GetOpenIDConnectProvider"
    key = "SAMLProviderArn" if is_saml else "OpenIDConnectProviderArn"
    what = f"{arn.display_name(provider_arn)} was"
    answer = connection.ask("iam", operation, what, provider_arn, **{key: provider_arn})
    if not isinstance(answer, dict):
        return answer
    return Provider(provider_arn, None if is_saml else tuple(answer["ClientIDList"]))


def _role(found: Mapping[str, Any]) -> Role:
    """A role from GetRole alone; policies and boundary are left unread."""
    own_arn, name = str(found["Arn"]), str(found["RoleName"])
    account = arn.account_of(own_arn)
    label = PolicyName(Layer.TRUST, f"the trust policy of {name}", own_arn, "", account)
    duration = Unknown(f"MaxSessionDuration of {name}", f"iam:GetRole on {own_arn}")
    policies = Unknown(f"the policies of role/{name}", f"iam:ListRolePolicies on {own_arn}")
    boundary = Unknown(f"the permissions boundary of role/{name}", policies.settle)
    return Role(
        arn=own_arn,
        unique_id=str(found["RoleId"]),
        trust=parsed(found["AssumeRolePolicyDocument"], label),
        max_session_duration=found.get("MaxSessionDuration", duration),
        tags=_tags(found),
        created=found.get("CreateDate"),
        policies=(policies,),
        boundary=boundary if "PermissionsBoundary" in found else None,
    )


def parsed(document: Any, name: PolicyName) -> PolicyOrUnknown:
    """A policy document as boto3 hands it over; a malformed one is unknown (DESIGN section 6)."""
    title = name.name.removeprefix("the ")
    try:
        is_text = isinstance(document, str)
        text = document if is_text else json.dumps(document, indent=2, ensure_ascii=False)
        policy = policy_in(Document(title, text), name)
    except InputError as error:
        return _malformed(name, error.message)
    return policy if policy.fatal is None else _malformed(name, policy.fatal.message)


def _malformed(name: PolicyName, why: str) -> Unknown:
    return Unknown(f"{name.name}, which is malformed ({why}),", "a well-formed document")


def _unread(part: str, shown: str, refusal: Unknown) -> Unknown:
    return Unknown(f"{part} {shown}", refusal.settle)


def _tags(found: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}


def _policies(
    connection: Connection, kind: str, name: str, owner: str
) -> Iterator[PolicyOrUnknown]:
    """The inline and attached policies of a user, group or role."""
    shown, account = arn.display_name(owner), arn.account_of(owner)
    key = {f"{kind}Name": name}

    def ask(operation: str, what: str, **parameters: str) -> Answer | Unknown | None:
        return connection.ask("iam", operation, what, owner, **key, **parameters)

    inline = ask(f"List{kind}Policies", f"the inline policies of {shown} were")
    attached = ask(f"ListAttached{kind}Policies", f"the attached policies of {shown} were")
    yield from (answer for answer in (inline, attached) if isinstance(answer, Unknown))
    of_its_own = inline["PolicyNames"] if isinstance(inline, dict) else ()
    managed = attached["AttachedPolicies"] if isinstance(attached, dict) else ()
    connection.prefetch(
        *(Question.of("iam", f"Get{kind}Policy", PolicyName=name, **key) for name in of_its_own)
    )
    _prefetch_managed(connection, [policy["PolicyArn"] for policy in managed])
    for policy in of_its_own:
        answer = ask(f"Get{kind}Policy", f"policy {policy} of {shown} was", PolicyName=policy)
        if isinstance(answer, Unknown):
            yield answer
        elif answer is not None:
            label = PolicyName(Layer.IDENTITY, policy, owner, "", account)
            yield parsed(answer["PolicyDocument"], label)
    for policy in managed:
        yield managed_policy(connection, policy["PolicyArn"], owner, Layer.IDENTITY)


def _prefetch_managed(connection: Connection, policy_arns: Sequence[str]) -> None:
    """Have every version that counts on its way: which one that is, each policy says first."""
    unshipped = [a for a in policy_arns if not isinstance(aws_managed_policy(a), Policy)]
    connection.prefetch(*(Question.of("iam", "GetPolicy", PolicyArn=a) for a in unshipped))
    for policy_arn in unshipped:
        answer = connection.ask("iam", "GetPolicy", "", policy_arn, PolicyArn=policy_arn)
        if isinstance(answer, dict):
            connection.prefetch(_version(policy_arn, answer))


def _version(policy_arn: str, answer: Answer) -> Question:
    version = answer["Policy"]["DefaultVersionId"]
    return Question.of("iam", "GetPolicyVersion", PolicyArn=policy_arn, VersionId=version)


def _lists(kind: str, name: str) -> tuple[Question, ...]:
    """The questions that `_policies` begins with."""
    return tuple(
        Question.of("iam", operation, **{f"{kind}Name": name})
        for operation in (f"List{kind}Policies", f"ListAttached{kind}Policies")
    )


def _last_change(connection: Connection, owners: Iterable[tuple[str, str]]) -> datetime | None:
    """When a managed policy got its newest version, as GetPolicy has it; nothing new is asked.

    Those that come with assumable are older than it.
    """
    moments: list[datetime] = []
    for kind, name in owners:
        key = {f"{kind}Name": name}
        listed = connection.ask("iam", f"ListAttached{kind}Policies", "", name, **key)
        for policy in listed["AttachedPolicies"] if isinstance(listed, dict) else ():
            policy_arn = policy["PolicyArn"]
            if isinstance(aws_managed_policy(policy_arn), Policy):
                continue
            answer = connection.ask("iam", "GetPolicy", "", policy_arn, PolicyArn=policy_arn)
            if isinstance(answer, dict) and "UpdateDate" in answer["Policy"]:
                moments.append(answer["Policy"]["UpdateDate"])
    return max(moments, default=None)


def _groups(connection: Connection, user_name: str) -> Iterator[tuple[str, str]]:
    answer = connection.ask("iam", "ListGroupsForUser", "", user_name, UserName=user_name)
    for group in answer["Groups"] if isinstance(answer, dict) else ():
        yield "Group", group["GroupName"]


def _of_groups(connection: Connection, user_arn: str) -> Iterator[PolicyOrUnknown]:
    what = f"the groups of {arn.display_name(user_arn)} were"
    name = user_arn.rpartition("/")[2]
    answer = connection.ask("iam", "ListGroupsForUser", what, user_arn, UserName=name)
    if isinstance(answer, Unknown):
        yield answer
    groups = answer["Groups"] if isinstance(answer, dict) else ()
    for group in groups:
        connection.prefetch(*_lists("Group", group["GroupName"]))
    for group in groups:
        yield from _policies(connection, "Group", group["GroupName"], group["Arn"])


def _boundary(
    connection: Connection, found: Mapping[str, Any], owner: str
) -> PolicyOrUnknown | None:
    if "PermissionsBoundary" not in found:
        return None
    policy_arn = found["PermissionsBoundary"]["PermissionsBoundaryArn"]
    return managed_policy(connection, policy_arn, owner, Layer.BOUNDARY)


def managed_policy(
    connection: Connection, policy_arn: str, owner: str, layer: Layer
) -> PolicyOrUnknown:
    """A managed policy as it is attached to its owner; AWS's own come with assumable."""
    shipped = aws_managed_policy(policy_arn)
    if isinstance(shipped, Policy):
        name = msgspec.structs.replace(shipped.name, owner=owner, layer=layer)
        return msgspec.structs.replace(shipped, name=name)
    short = policy_arn.rpartition("/")[2]
    what = f"managed policy {short} was"
    answer = connection.ask("iam", "GetPolicy", what, policy_arn, PolicyArn=policy_arn)
    if isinstance(answer, dict):
        asked = dict(_version(policy_arn, answer).parameters)
        answer = connection.ask("iam", "GetPolicyVersion", what, policy_arn, **asked)
    if answer is None:
        return Unknown(f"{what} deleted while it was read", f"iam:GetPolicyVersion on {policy_arn}")
    if isinstance(answer, Unknown):
        return answer
    label = PolicyName(layer, short, owner, policy_arn, arn.account_of(policy_arn))
    return parsed(answer["PolicyVersion"]["Document"], label)
