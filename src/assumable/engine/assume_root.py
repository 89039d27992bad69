"""AssumeRoot: who may ask for the root user of a member account, and with which parameters (R1.27).

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
"""

from collections.abc import Iterator

from assumable import arn
from assumable.engine.conditions import either
from assumable.engine.facts import Facts, is_alive
from assumable.engine.limits import Fault, denial, mistyped
from assumable.engine.truth import Atom, Truth
from assumable.model.call import Call, UserCaller
from assumable.model.world import Organization, Unknown

ASSUME_ROOT = "AssumeRoot"
TASKS = (
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
)
"""The task policies, one of which every call must name."""
Problem = Fault | Truth
"""What AWS refuses, or a question on which it depends whether it does."""


def task_policies(call: Call) -> dict[str, str]:
    """The ARN of each task policy in the caller's partition, by its name."""
    mine = arn.parse(call.caller.arn)
    partition = mine.partition if mine else "aws"
    return {task: f"arn:{partition}:iam::aws:policy/root-task/{task}" for task in TASKS}


# The parameters alone


def target_faults(call: Call, value: str) -> Iterator[Fault]:
    """TargetPrincipal is the ID of an account or the ARN of its root user."""
    if not call.asks_for_root:
        yield _invalid("TargetPrincipal", f"{value} is neither an account ID nor the ARN of a root")


def task_faults(call: Call, value: object) -> Iterator[Fault]:
    """TaskPolicyArn is one of AWS's own task policies."""
    given = value.get("arn") if isinstance(value, dict) else value
    if not isinstance(given, str):
        yield mistyped("TaskPolicyArn.arn", given, str)
    elif given not in task_policies(call).values():
        yield _invalid("TaskPolicyArn", f"{given} is none of the task policies, {', '.join(TASKS)}")


def _invalid(name: str, reason: str) -> Fault:
    """AWS documents what is valid, and no text for what is not."""
    return Fault(name, "ValidationError", 400, "", variant=name, reason=reason)


# The target


def target_problems(facts: Facts) -> Iterator[Problem]:
    """The target must be a member of the caller's organization, and not its management account."""
    org, target = facts.caller_organization, facts.role_account
    if not isinstance(org, Organization):
        return  # `caller_problems` says so
    alive = is_alive(org, target)
    if isinstance(alive, Atom):
        yield alive
    if target == org.management_account:
        yield _not_a_target(facts, "management-account")
    elif alive is False:
        yield _not_a_target(facts, "account-suspended")
    elif not org.has_member(target):
        if isinstance(facts.role_organization, Unknown):
            yield _question(
                f"account {target} is a member of organization {org.id}",
                f"account {target} is no member of organization {org.id}",
                facts.role_organization,
            )
        else:
            yield _not_a_target(facts, "not-a-member")


def _not_a_target(facts: Facts, variant: str) -> Fault:
    text = denial(facts.call, f"sts:{ASSUME_ROOT}")
    return Fault("TargetPrincipal", "AccessDenied", 403, text, variant=variant)


# The caller


def caller_problems(facts: Facts) -> Iterator[Problem]:
    """What keeps these credentials from AssumeRoot; root users and federated ones aside."""
    call = facts.call
    if call.network.endpoint == "global":  # R10.7; boto/boto3#4461, when that was the default
        yield Fault("", "InvalidAction", 400, "Unknown Operation", "region", "global-endpoint")
    if not call.is_principal:
        yield _refused(facts, "not-a-principal")
        return
    if isinstance(call.caller, UserCaller) and call.caller.credentials == "session-token":
        yield from _of_session_token(facts)
    yield from _administration(facts)


def _of_session_token(facts: Facts) -> Iterator[Problem]:
    """U-7: such credentials may call AssumeRole; of AssumeRoot the documentation does not speak."""
    decided = facts.call.assumptions.get("U-7")
    if decided is None:
        yield either("U-7", if_true=True, if_false=False)
    elif not decided:
        yield _refused(facts, "session-token")


def _administration(facts: Facts) -> Iterator[Problem]:
    """The caller's account administers root access, and root access is centralized."""
    org, account = facts.caller_organization, facts.caller_account
    if org is None:
        yield _refused(facts, "no-organization")
        return
    if isinstance(org, Unknown):
        target = facts.role_account
        yield _question(
            f"account {account} administers IAM for an organization that {target} is a member of",
            f"account {account} administers IAM for no organization that {target} is a member of",
            org,
        )
    elif account != org.management_account:
        yield from _delegation(facts, org)
    if isinstance(org, Unknown) or (org.root_access is None and not facts.world.complete):
        unread = Unknown("whether root access is centralized", "iam:ListOrganizationsFeatures")
        yield _question(
            "centralized root access is enabled in the organization",
            "centralized root access is not enabled in the organization",
            unread,
        )
    elif org.root_access is False:
        yield _refused(facts, "root-access-off")


def _delegation(facts: Facts, org: Organization) -> Iterator[Problem]:
    """A member account must be a delegated administrator for IAM."""
    account = facts.caller_account
    if org.iam_administrators is None and not facts.world.complete:
        unread = Unknown(
            "the delegated administrators for IAM", "organizations:ListDelegatedAdministrators"
        )
        yield _question(
            f"account {account} is a delegated administrator for IAM",
            f"account {account} is no delegated administrator for IAM",
            unread,
        )
    elif account not in (org.iam_administrators or ()):
        yield _refused(facts, "not-administrator")


def _refused(facts: Facts, variant: str) -> Fault:
    text = denial(facts.call, f"sts:{ASSUME_ROOT}")
    return Fault("", "AccessDenied", 403, text, "credentials", variant)


def _question(text: str, opposite: str, unread: Unknown) -> Atom:
    return Atom(
        subject=text,
        text=text,
        opposite=opposite,
        part=unread.what,
        settle=unread.settle,
        kind="fact",
    )


def notes(facts: Facts) -> Iterator[str]:
    """What is taken for granted of the organization."""
    org = facts.caller_organization
    if isinstance(org, Organization) and org.root_access is None and facts.world.complete:
        yield (
            "taken for granted: centralized root access is enabled; RootAccess in the organization "
            "says it"
        )
