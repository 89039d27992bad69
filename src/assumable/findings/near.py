"""Near misses of values: the one thing in which what a policy asks for differs from the call."""

import difflib
import re
from collections.abc import Iterable, Sequence

from assumable import arn
from assumable.engine.context import KEYS, RequestContext
from assumable.engine.evaluate import Decision
from assumable.engine.match import StatementTrace
from assumable.engine.operators import OPERATORS
from assumable.findings.dead import contradiction_of
from assumable.findings.slips import ALIKE, nearest, told, told_of_pattern
from assumable.globs import has_wildcard, matches
from assumable.model.call import Absent, Present, ServiceCaller
from assumable.model.policy import Condition, Policy, Statement

_SIMILAR_KEY = 0.8
_MEANT = {
    "aws:account": "aws:PrincipalAccount",
    "aws:accountid": "aws:PrincipalAccount",
    "aws:organizationid": "aws:PrincipalOrgID",
    "aws:orgid": "aws:PrincipalOrgID",
    "aws:principal": "aws:PrincipalArn",
    "aws:principalid": "aws:userid",
    "aws:principalorganizationid": "aws:PrincipalOrgID",
    "aws:sessionname": "sts:RoleSessionName",
    "sts:sessionname": "sts:RoleSessionName",
    "aws:rolesessionname": "sts:RoleSessionName",
    "aws:externalid": "sts:ExternalId",
    "iam:externalid": "sts:ExternalId",
    "aws:mfapresent": "aws:MultiFactorAuthPresent",
    "sts:multifactorauthpresent": "aws:MultiFactorAuthPresent",
    "saml:audience": "SAML:aud",
    "saml:issuer": "SAML:iss",
    "saml:nameid": "SAML:sub",
    "saml:recipient": "SAML:aud",
    "saml:subject": "SAML:sub",
}
"""What is written for a key that does not exist, in lower case, and the key that was meant."""
_OF_SERVICES = {
    "aws:sourceaccount": "aws:PrincipalAccount",
    "aws:sourcearn": "aws:PrincipalArn",
    "aws:sourceorgid": "aws:PrincipalOrgID",
    "aws:sourceorgpaths": "aws:PrincipalOrgPaths",
}
"""Keys that a service sends, and what says the same of a caller that is none (R2.10)."""
_ELSEWHERE = {
    "sts:durationseconds": "it is sent with bearer tokens and GetWebIdentityToken alone: no key "
    "tells the duration that AssumeRole is asked for",
    "sts:awsservicename": "it is sent with bearer tokens alone",
    "aws:vpceaccount": "STS does not send it",
    "aws:vpceorgid": "STS does not send it",
    "aws:vpceorgpaths": "STS does not send it",
}
"""Keys that exist, though never for a call that assumes a role (FACTS 5.3, 5.5)."""
_CASED = {name.lower(): name for name in (
    "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
    "aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:SourceIp",
    "aws:SourceArn", "aws:SourceAccount", "aws:SourceIdentity", "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge", "aws:RequestedRegion", "aws:SourceVpc", "aws:SourceVpce",
    "aws:TagKeys", "aws:ResourceAccount", "aws:ResourceOrgID", "sts:ExternalId",
    "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys", "aws:SecureTransport",
    "aws:CurrentTime", "aws:UserAgent", "aws:username", "aws:userid",
)}  # fmt: skip
"""How AWS writes the keys that people test."""
_TAG_PREFIXES = {
    "requesttag": "aws:RequestTag", "principaltag": "aws:PrincipalTag",
    "resourcetag": "aws:ResourceTag",
}  # fmt: skip
OLD_VERSION = (
    'the variable in it is plain text: policy variables count in policies of Version "2012-10-17" '
    "alone (R6.10)"
)
_QUOTES = re.compile(r"[\s\"'`]")


def about_condition(
    decision: Decision,
    context: RequestContext | None,
    condition: Condition,
    within: tuple[Policy, Statement],
) -> str:
    """Why a condition does not hold though it nearly does, to go after a `;`; else empty."""
    if context is None:
        return ""
    impossible = contradiction_of(within[1], condition)
    if impossible:
        return f"; it can never hold together with the rest: {impossible}"
    value = context.get(condition.key)
    if isinstance(value, Absent):
        meant = key_meant(decision, condition.key) or _other_tag(context, condition.key)
        return f"; {meant}" if meant else ""
    if not isinstance(value, Present) or len(value.values) != 1 or is_negated(condition):
        return ""
    slip = about_value(condition, value.values[0], has_variables=within[0].has_variables)
    return f"; {slip}" if slip else ""


def about_exception(trace: StatementTrace | None, context: RequestContext | None) -> str:
    """Why a Deny does not except the call as was meant, to go after what it denies; else empty."""
    if trace is None or context is None or trace.truth is not True:
        return ""
    for condition in trace.statement.conditions:
        if condition.base == "null":
            continue
        value = context.get(condition.key)
        known = isinstance(value, Present) and len(value.values) == 1
        if isinstance(value, Present) and known and is_negated(condition):
            has_variables = trace.policy.has_variables
            slip = about_value(condition, value.values[0], has_variables=has_variables)
            if slip:
                return f" (the exception by {condition.key} does not hold: {slip})"
    differs = _about_listed(trace, context.facts.role_arn) if trace.statement.not_resource else ""
    listed = ", ".join(trace.statement.resources or ())
    return f" (it excepts {listed}{differs})" if differs else ""


def _other_tag(context: RequestContext, key: str) -> str:
    """That a tag is passed with the call and not carried by the caller, or the other way."""
    prefix, _, tag = key.partition("/")
    prefix = prefix.lower()
    other = {"aws:principaltag": "aws:RequestTag", "aws:requesttag": "aws:PrincipalTag"}
    if prefix not in other or not isinstance(context.get(f"{other[prefix]}/{tag}"), Present):
        return ""
    what = "the call passes" if prefix == "aws:principaltag" else "the caller carries"
    return f"{what} the tag {tag}, for which the key is {other[prefix]}/{tag}"


def is_negated(condition: Condition) -> bool:
    """Whether a condition holds for what it does not list, or for a key that is absent."""
    return condition.base == "null" or OPERATORS[condition.base].negated


def key_meant(decision: Decision, key: str) -> str:
    """That a key does not exist, or not for this call, and which one was meant."""
    name = key.lower()
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    if name in _OF_SERVICES and not isinstance(decision.call.caller, ServiceCaller):
        return f"to test who calls, {_OF_SERVICES[name]} is the key"
    if name == "aws:sourceidentity" and decision.call.source_identity is not None:
        return "what this call sets is sts:SourceIdentity, which was probably meant"
    known = name in KEYS or name.partition("/")[0] in _known_prefixes()
    if known or not name.startswith(("aws:", "sts:", "iam:", "saml:")):
        return ""
    meant = _meant(name)
    return f"{meant} was probably meant" if meant else ""


def _known_prefixes() -> tuple[str, ...]:
    return ("aws:requesttag", "aws:principaltag", "aws:resourcetag", "iam:resourcetag",
            "sts:requestcontext")  # fmt: skip


def _meant(name: str) -> str:
    """The key that a misspelt one stands for, in AWS's letter case."""
    prefix, slash, tag = name.partition("/")
    if slash:
        tag_key = _TAG_PREFIXES.get(prefix.rpartition(":")[2])
        return f"{tag_key}/{tag}" if tag_key else ""
    plain = name.replace("-", "").replace("_", "")
    if plain in _MEANT:
        return _MEANT[plain]
    if plain in _CASED:
        return _CASED[plain]
    found = difflib.get_close_matches(plain, _CASED, 1, _SIMILAR_KEY)
    return _CASED[found[0]] if found else ""


def about_value(condition: Condition, got: str, *, has_variables: bool) -> str:
    """What sets the closest value of a condition apart from the one that the call has."""
    values, exact = condition.values, condition.base.startswith("string")
    if not has_variables and any("${" in value for value in values):
        return OLD_VERSION
    if (
        exact
        and "like" not in condition.base
        and any(has_wildcard(value) and matches(value, got) for value in values)
    ):
        other = "StringNotLike" if is_negated(condition) else "StringLike"
        return f"{condition.operator} takes the wildcard literally: {other} would match"
    if condition.key.lower() == "aws:principalarn" and any("assumed-role/" in v for v in values):
        return "the key has the ARN of the role behind a session, never of the session (R2.3)"
    wild = "like" in condition.base or condition.base.startswith("arn")
    if any(
        matches(value, got, ignore_case=True) if wild else value.lower() == got.lower()
        for value in values
    ):
        return "it differs only in letter case"
    if any(_QUOTES.sub("", value) == _QUOTES.sub("", got) for value in values):
        return "it differs only in white space or quotes"
    if any(got in re.split(r"\s*,\s*", value) for value in values if "," in value):
        return "the commas are part of one value: several values are written as a list"
    if any(value.rstrip("/") == got.rstrip("/") for value in values):
        return "it differs only in the `/` at the end"
    is_text = exact or condition.base.startswith("arn")
    is_secret = condition.key.lower() == "sts:externalid"  # of which no letter is told
    return _slip(values, got) if is_text and not is_secret else ""


def _slip(values: Sequence[str], got: str) -> str:
    place = nearest(values, got)
    if place is None:
        return ""
    slip = told_of_pattern if has_wildcard(values[place]) else told
    return digits(values[place], got) or slip(values[place], got)


def digits(written: str, meant: str) -> str:
    """That two account ids, or ARNs but for the account, differ in a few digits."""
    theirs, mine = _account(written), _account(meant)
    if theirs == mine or not theirs.isdigit() or not mine.isdigit():
        return ""
    if len(theirs) != len(mine):
        return f"the account id in it has {len(theirs)} digits, one has {len(mine)}"
    wrong = [str(n) for n, (a, b) in enumerate(zip(theirs, mine, strict=True), 1) if a != b]
    if len(wrong) > _FEW:
        return ""
    return f"the account ids differ in digit{'s' * (len(wrong) > 1)} {' and '.join(wrong)}"


_FEW = 2


def _account(text: str) -> str:
    return arn.account_of(text) or text.replace("-", "").replace(" ", "")


_SERVICE_ACCOUNT = "system:serviceaccount:"


def about_subject(wanted: Sequence[str], got: str) -> str:
    """What differs in the subject of a Kubernetes service account, else the slip in a claim."""
    if not got.startswith(_SERVICE_ACCOUNT):
        slip = _slip(wanted, got) if got else ""
        told_apart = slip.replace("stands where it should be", "stands where the token has")
        return f": in the policy, {told_apart}" if slip else ""
    mine = got.removeprefix(_SERVICE_ACCOUNT).split(":")
    for value in wanted:
        theirs = value.removeprefix(_SERVICE_ACCOUNT).split(":")
        if not value.startswith(_SERVICE_ACCOUNT) or len(theirs) != len(mine):
            continue
        parts = zip(("namespace", "service account"), theirs, mine, strict=False)
        differing = [(what, old, new) for what, old, new in parts if not matches(old, new)]
        if len(differing) == 1:
            what, old, new = differing[0]
            return f": the {what} is `{new}`, the policy has `{old}`"
    return ""


def about_resource(trace: StatementTrace, role_arn: str) -> str:
    """Why a Resource misses the role though it nearly names it, to go after it; else empty."""
    return "" if trace.statement.not_resource else _about_listed(trace, role_arn)


def _about_listed(trace: StatementTrace, role_arn: str) -> str:
    listed, mine = trace.statement.resources or (), arn.parse(role_arn)
    if mine is None:
        return ""
    if not trace.policy.has_variables and any("${" in value for value in listed):
        return f"; {OLD_VERSION}"
    if any(value.lower() == role_arn.lower() for value in listed):
        return ", which differs only in letter case"
    for value in listed:
        theirs = arn.parse(value)
        if theirs is None:
            continue
        if theirs.kind == "assumed-role" and theirs.resource.split("/")[1:2] == [mine.name]:
            return ", a session: the resource of the call is the role"
        if theirs.kind == "role" and theirs.name == mine.name and theirs.account == mine.account:
            if theirs.path != mine.path:
                return f"; the path differs: the role is {mine.resource}"
            if theirs.partition != mine.partition:
                return ", in another partition"
    slip = _slip(listed, role_arn)
    return f": {slip}" if slip else ""


def similar(wanted: str, names: Iterable[str]) -> list[str]:
    """The names that are most like one that does not exist, the best first."""
    folded = {name.lower(): name for name in names}
    if len(wanted) < _SHORT:  # one letter more or less makes it another word
        return [folded[wanted.lower()]] if wanted.lower() in folded else []
    found = difflib.get_close_matches(wanted.lower(), folded, 2, max(ALIKE, _SIMILAR_NAME))
    return [folded[name] for name in found]


_SIMILAR_NAME = 0.75
_SHORT = 4
