"""AWS services as callers: what each one is, and what it sends when it assumes a role.

Data, with the AWS page that each entry comes from. A service that is not listed here is accepted by
its name. Which services send the confused-deputy keys, no AWS page says as a whole; an entry has a
key only where the service's own documentation puts it into a trust policy.
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

import re

import msgspec

from assumable.engine.truth import Atom, Truth
from assumable.model.call import Call, ServiceCaller
from assumable.model.policy import Effect, Policy, PrincipalEntry
from assumable.model.roles_anywhere import ROLES_ANYWHERE
from assumable.model.world import Unknown

SOURCE_ACCOUNT, SOURCE_ARN = "aws:sourceaccount", "aws:sourcearn"
SOURCE_KEYS = frozenset((SOURCE_ACCOUNT, SOURCE_ARN, "aws:sourceorgid", "aws:sourceorgpaths"))
"""The keys against confused deputies, which only services send (R2.10)."""
EXTERNAL_ID = "sts:externalid"
POD_IDENTITY = "pods.eks.amazonaws.com"
_BOTH = frozenset((SOURCE_ACCOUNT, SOURCE_ARN))
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_NAME = re.compile(
    r"(?P<service>[^.]+(?:\.[^.]+)*?)"
    rf"(?:\.(?P<region>{_REGION.pattern}))?"
    r"\.(?P<suffix>amazonaws\.com(?:\.cn)?)"
)


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service principal."""

    what: str
    """What calls, in words."""
    sends: frozenset[str] = frozenset()
    """Keys that AWS documents it to send with AssumeRole, in lower case; values are not known."""
    may_send: frozenset[str] = frozenset()
    """Keys that it sends when it is set up so."""
    external_id: str | None = None
    """The external ID that it always sends."""
    tags: tuple[str, ...] = ()
    """The keys of the session tags it passes of its own accord, all of them transitive."""
    source_identity: bool = False
    """Whether it sets a source identity."""
    page: str = ""
    """The AWS page that says so, below https://docs.aws.amazon.com/."""


SERVICES: dict[str, Service] = {
    "apigateway.amazonaws.com": Service(what="API Gateway"),
    "appsync.amazonaws.com": Service(what="AWS AppSync"),
    "autoscaling.amazonaws.com": Service(what="EC2 Auto Scaling"),
    "backup.amazonaws.com": Service(what="AWS Backup"),
    "batch.amazonaws.com": Service(
        what="AWS Batch",
        sends=_BOTH,
        page="batch/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    "bedrock.amazonaws.com": Service(
        what="Amazon Bedrock", sends=_BOTH, page="bedrock/latest/userguide/kb-permissions.html"
    ),
    "chatbot.amazonaws.com": Service(what="Amazon Q Developer in chat applications"),
    "cloudformation.amazonaws.com": Service(what="CloudFormation"),
    "cloudtrail.amazonaws.com": Service(what="CloudTrail"),
    "codebuild.amazonaws.com": Service(
        what="CodeBuild",
        sends=_BOTH,
        page="codebuild/latest/userguide/setting-up-service-role.html",
    ),
    "codedeploy.amazonaws.com": Service(
        what="CodeDeploy",
        sends=_BOTH,
        page="codedeploy/latest/userguide/security_confused_deputy.html",
    ),
    "codepipeline.amazonaws.com": Service(what="CodePipeline"),
    "cognito-idp.amazonaws.com": Service(
        what="an Amazon Cognito user pool",
        may_send=frozenset((EXTERNAL_ID,)),
        page="cognito-user-identity-pools/latest/APIReference/API_SmsConfigurationType.html",
    ),
    "config.amazonaws.com": Service(what="AWS Config"),
    "delivery.logs.amazonaws.com": Service(what="the delivery of logs"),
    "dms.amazonaws.com": Service(
        what="Database Migration Service",
        sends=_BOTH,  # since version 3.4.7 of the replication engine
        page="dms/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    "ec2.amazonaws.com": Service(what="EC2, for an instance profile"),
    "ecs.amazonaws.com": Service(what="ECS itself, for its services and load balancers"),
    "ecs-tasks.amazonaws.com": Service(
        what="an ECS task, for its task role and its execution role",
        sends=_BOTH,
        page="AmazonECS/latest/developerguide/task-iam-roles.html",
    ),
    "edgelambda.amazonaws.com": Service(what="Lambda@Edge"),
    "eks.amazonaws.com": Service(what="the EKS control plane"),
    "eks-fargate-pods.amazonaws.com": Service(what="Fargate, for pods of EKS"),
    "elasticbeanstalk.amazonaws.com": Service(
        what="Elastic Beanstalk",
        external_id="elasticbeanstalk",
        page="elasticbeanstalk/latest/dg/iam-servicerole.html",
    ),
    "elasticmapreduce.amazonaws.com": Service(what="Amazon EMR"),
    "elastictranscoder.amazonaws.com": Service(what="Elastic Transcoder"),
    "events.amazonaws.com": Service(
        what="an EventBridge rule",
        sends=_BOTH,
        page="eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    "firehose.amazonaws.com": Service(
        what="Amazon Data Firehose",
        may_send=frozenset((EXTERNAL_ID,)),
        page="firehose/latest/dev/controlling-access.html",
    ),
    "fis.amazonaws.com": Service(
        what="Fault Injection Service",
        sends=_BOTH,
        page="resilience-hub/latest/userguide/next-gen-resilience-testing-iam-single-account.html",
    ),
    "glue.amazonaws.com": Service(what="AWS Glue"),
    "lambda.amazonaws.com": Service(what="Lambda, for a function's execution role"),
    "logs.amazonaws.com": Service(what="CloudWatch Logs"),
    "personalize.amazonaws.com": Service(
        what="Amazon Personalize",
        sends=_BOTH,
        page="personalize/latest/dg/cross-service-confused-deputy-prevention.html",
    ),
    "pipes.amazonaws.com": Service(what="EventBridge Pipes"),
    POD_IDENTITY: Service(
        what="EKS Pod Identity",
        tags=(
            "eks-cluster-arn",
            "eks-cluster-name",
            "kubernetes-namespace",
            "kubernetes-service-account",
            "kubernetes-pod-name",
            "kubernetes-pod-uid",
        ),
        page="eks/latest/userguide/pod-id-abac.html",
    ),
    "rds.amazonaws.com": Service(what="Amazon RDS"),
    "redshift.amazonaws.com": Service(what="Amazon Redshift"),
    ROLES_ANYWHERE: Service(
        what="IAM Roles Anywhere",
        sends=_BOTH,
        source_identity=True,
        page="rolesanywhere/latest/userguide/trust-model.html",
    ),
    "s3.amazonaws.com": Service(what="Amazon S3, for replication"),
    "batchoperations.s3.amazonaws.com": Service(what="S3 Batch Operations"),
    "sagemaker.amazonaws.com": Service(
        what="SageMaker AI",
        sends=_BOTH,
        page="sagemaker/latest/dg/security-confused-deputy-prevention.html",
    ),
    "scheduler.amazonaws.com": Service(
        what="EventBridge Scheduler",
        sends=_BOTH,
        page="scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
    ),
    "sns.amazonaws.com": Service(what="Amazon SNS"),
    "ssm.amazonaws.com": Service(
        what="Systems Manager, for hybrid activations and Automation",
        sends=_BOTH,
        page="systems-manager/latest/userguide/cross-service-confused-deputy-prevention.html",
    ),
    "states.amazonaws.com": Service(
        what="Step Functions",
        sends=_BOTH,
        page="step-functions/latest/dg/procedure-create-iam-role.html",
    ),
    "transfer.amazonaws.com": Service(
        what="Transfer Family",
        sends=_BOTH,
        page="transfer/latest/userguide/confused-deputy.html",
    ),
    "vpc-flow-logs.amazonaws.com": Service(
        what="VPC Flow Logs", sends=_BOTH, page="vpc/latest/userguide/flow-logs-iam-role.html"
    ),
}


def service_of(call: Call) -> Service | None:
    """The calling service; None for other callers. What is not listed sends nothing we know of."""
    if not isinstance(call.caller, ServiceCaller):
        return None
    plain = plain_name(call.caller.principal)
    return SERVICES.get(plain, Service(what=call.caller.principal))


def plain_name(principal: str) -> str:
    """A service principal without a Region, and with the suffix of the partition `aws`."""
    parts = parts_of(principal)
    return f"{parts.name}.amazonaws.com" if parts else principal


def own_tags(call: Call) -> tuple[str, ...]:
    """Keys of the tags that Pod Identity adds itself; `Tags: []` says it is switched off (5.8)."""
    service = service_of(call)
    return service.tags if service is not None and "Tags" not in call.parameters else ()


def unsaid_tags(call: Call) -> dict[str, Unknown]:
    """The same tags with values that nobody has said."""
    return {
        key: Unknown(f"the value of the tag {key}", "parameters.Tags", present=True)
        for key in own_tags(call)
    }


def sends_certificate(call: Call) -> bool:
    """Whether Roles Anywhere passes certificate fields that the input does not list (5.8)."""
    caller = call.caller
    anywhere = isinstance(caller, ServiceCaller) and caller.principal == ROLES_ANYWHERE
    return anywhere and "Tags" not in call.parameters


def passes_tags(call: Call) -> bool:
    """Whether the service passes session tags that the input does not list."""
    return bool(own_tags(call)) or sends_certificate(call)


def unsaid_source_identity(call: Call) -> Unknown | None:
    """The source identity that the service sets where the input does not give it (5.8)."""
    service = service_of(call)
    if service is None or not service.source_identity or "SourceIdentity" in call.parameters:
        return None
    what = "the source identity that the service sets"
    return Unknown(what, "parameters.SourceIdentity", present=True)


def sets_source_identity(call: Call) -> bool:
    """Whether the service sets a source identity that the input does not give (5.8)."""
    return unsaid_source_identity(call) is not None


class Parts(msgspec.Struct, frozen=True):
    """The parts of a service principal's name."""

    name: str
    """What stands before the Region and the suffix: `states`, `pods.eks`."""
    region: str
    suffix: str


def parts_of(principal: str) -> Parts | None:
    """`states.us-east-1.amazonaws.com` in parts; None when it is no service principal.

    >>> parts_of("pods.eks.amazonaws.com").name
    'pods.eks'
    """
    found = _NAME.fullmatch(principal)
    if found is None:
        return None
    return Parts(found["service"], found["region"] or "", found["suffix"])


def is_service(named: str, call: Call) -> Truth:
    """Whether a `Service` principal names the calling service (R2.9).

    Some services are known under a Region's name too, and in China under either suffix; which ones
    AWS does not list, so such a pair is an open question. A Region's name never stands for a call
    from another Region.
    """
    if not isinstance(call.caller, ServiceCaller):
        return False
    calling = call.caller.principal
    if named == calling:
        return True
    theirs, mine = parts_of(named), parts_of(calling)
    if theirs is None or mine is None or theirs.name != mine.name:
        return False
    regions = {theirs.region, mine.region, call.network.region or ""} - {""}
    in_china = call.role_arn.startswith("arn:aws-cn:")
    if len(regions) > 1 or (theirs.suffix != mine.suffix and not in_china):
        return False
    return Atom(
        subject=f"{named} is {calling}",
        text=f"AWS takes {named} for {calling}",
        opposite=f"AWS does not take {named} for {calling}",
        part=f"whether {named} also names {calling}",
        settle="the userIdentity.invokedBy of an AssumeRole event in CloudTrail",
        kind="fact",
    )


def could_be_for(trust: Policy, services: tuple[str, ...]) -> bool:
    """Whether a trust policy may let one of the services in, whatever its conditions are."""
    return any(
        statement.not_principal or statement.principals is None or _names_one(entry, services)
        for statement in trust.statements
        if statement.effect is Effect.ALLOW
        for entry in statement.principals or (PrincipalEntry("*", "*", ""),)
    )


def _names_one(entry: PrincipalEntry, services: tuple[str, ...]) -> bool:
    return entry.value == "*" or plain_name(entry.value) in services
