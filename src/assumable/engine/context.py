"""The request context: every condition key with the reason why it is present, absent or unknown.

FACTS section 5;
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable

from assumable import arn
from assumable.engine.forms import SOMEBODY
from assumable.engine.keys import caller, federation, mfa, network, request
from assumable.engine.keys.question import Question
from assumable.model.call import Absent, Call, Open, Present, Value
from assumable.model.world import Unknown


class RequestContext(Question):
    """The condition keys that one action's evaluation sees in one layer."""

    __slots__ = ()

    def get(self, key: str) -> Value:
        """The value of a key; names are case-insensitive (R6.9)."""
        return self.value(key.lower())

    def value(self, name: str) -> Value:
        """The value of a key that is in lower case already."""
        found = self._values.get(name)
        if found is None:
            found = self._derive(name)
            if isinstance(found, Open):
                found = self._assumed(found)
            self._values[name] = found
        return found

    def _derive(self, name: str) -> Value:
        call = self.call
        if name in call.overrides:
            return call.overrides[name]
        if call.caller.arn == arn.NOBODY and not _is_of_request(call, name):
            return SOMEBODY
        if call.api == "AssumeRoot" and request.is_of_assume_role(name):
            return Absent("AssumeRoot sends nothing of the kind")
        rule = _RULES.get(name)
        if rule is not None:
            return rule(self)
        prefix, slash, tag = name.partition("/")
        if slash and prefix in _TAG_RULES:
            return _TAG_RULES[prefix](self, tag)
        return federation.federation_key(self, name)

    def assumed(self, item: str) -> bool | None:
        """How the user decided an open item with `--assume`; None leaves it open."""
        return self.call.assumptions.get(item)

    def takes(self, item: str) -> bool:
        """Which reading of an open item decides, where one is the default."""
        return self.facts.takes(item)

    def _assumed(self, value: Open) -> Value:
        """The value that the user decided for an open item with `--assume`."""
        decided = self.assumed(value.item)
        if decided is None:
            return value
        return value.if_true if decided else value.if_false


def _is_of_request(call: Call, name: str) -> bool:
    """Whether a key is the same whoever makes the request."""
    if name.startswith("aws:multifactorauth"):
        return call.presents_mfa
    return name in _OF_THE_REQUEST or name.startswith(("aws:requesttag/", "aws:resource"))


_OF_THE_REQUEST = frozenset((
    "sts:externalid", "sts:rolesessionname", "aws:tagkeys", "aws:requestedregion",
    "aws:currenttime", "aws:epochtime", "aws:securetransport",
))  # fmt: skip
_DIRECT = Present(("false",), "STS was called directly")
_RULES: dict[str, Callable[[Question], Value]] = {
    "aws:principalarn": caller.principal_arn,
    "aws:principalaccount": caller.principal_account,
    "aws:principalorgid": lambda question: caller.principal_org(question, path=False),
    "aws:principalorgpaths": lambda question: caller.principal_org(question, path=True),
    "aws:principaltype": caller.principal_type,
    "aws:userid": caller.user_id,
    "aws:username": caller.user_name,
    "aws:principalisawsservice": caller.is_service,
    "aws:principalservicename": lambda question: caller.service_name(question, many=False),
    "aws:principalservicenameslist": lambda question: caller.service_name(question, many=True),
    "aws:sourcearn": caller.only_services("aws:SourceArn"),
    "aws:sourceaccount": caller.only_services("aws:SourceAccount"),
    "aws:sourceorgid": caller.only_services("aws:SourceOrgID"),
    "aws:sourceorgpaths": caller.only_services("aws:SourceOrgPaths"),
    "aws:sourceidentity": caller.own_source_identity,
    "aws:tokenissuetime": caller.token_issue_time,
    "aws:multifactorauthpresent": mfa.mfa_present,
    "aws:multifactorauthage": mfa.mfa_age,
    "aws:ec2instancesourcevpc": caller.delivered("ec2.amazonaws.com"),
    "aws:ec2instancesourceprivateipv4": caller.delivered("ec2.amazonaws.com"),
    "aws:chatbotsourcearn": caller.delivered("chatbot.amazonaws.com"),
    "aws:assumedroot": caller.assumed_root,
    "aws:federatedprovider": federation.federated_provider,
    "ec2:sourceinstancearn": caller.delivered("ec2.amazonaws.com"),
    "ec2:roledelivery": caller.delivered("ec2.amazonaws.com"),
    "lambda:sourcefunctionarn": caller.delivered(
        "lambda.amazonaws.com", "edgelambda.amazonaws.com"
    ),
    "codebuild:buildarn": caller.delivered("codebuild.amazonaws.com"),
    "codebuild:projectarn": caller.delivered("codebuild.amazonaws.com"),
    "ssm:sourceinstancearn": caller.delivered("ssm.amazonaws.com"),
    "identitystore:userid": caller.delivered(),
    "sts:externalid": request.external_id,
    "sts:taskpolicyarn": request.task_policy,
    "sts:rolesessionname": request.session_name,
    "sts:roleauthorizedbyidp": federation.role_authorized_by_idp,
    "sts:sourceidentity": request.source_identity,
    "sts:transitivetagkeys": request.transitive_keys,
    "aws:tagkeys": request.tag_keys,
    "sts:requestcontextproviders": request.context_providers,
    "aws:resourceaccount": caller.resource_account,
    "aws:resourceorgid": lambda question: caller.resource_org(question, path=False),
    "aws:resourceorgpaths": lambda question: caller.resource_org(question, path=True),
    "aws:sourceip": network.source_ip,
    "aws:sourcevpce": lambda question: network.through_endpoint(
        question, lambda name: Present((name,), "the network of the call")
    ),
    "aws:sourcevpc": network.source_vpc,
    "aws:sourcevpcarn": lambda question: network.through_endpoint(
        question,
        lambda _: Unknown("the ARN of the VPC", "the `context` of the call", present=True),
    ),
    "aws:vpcsourceip": lambda question: network.through_endpoint(
        question,
        lambda _: Unknown("the private IP address", "the `context` of the call", present=True),
    ),
    "aws:viaawsservice": lambda _: _DIRECT,
    "aws:requestedregion": network.requested_region,
    "aws:currenttime": network.current_time,
    "aws:epochtime": network.epoch_time,
    "aws:securetransport": network.secure_transport,
    "aws:useragent": lambda question: network.said(
        question.call.network.user_agent, "the user agent", "network.user_agent", present=False
    ),
}
_TAG_RULES: dict[str, Callable[[Question, str], Value]] = {
    "aws:principaltag": caller.principal_tag,
    "aws:requesttag": request.request_tag,
    "sts:requestcontext": request.request_context,
    "aws:resourcetag": caller.resource_tag,
    "iam:resourcetag": caller.resource_tag,
}
KEYS = frozenset(_RULES)
"""The condition keys that exist for STS, in lower case; tags and claims have names of their own."""
