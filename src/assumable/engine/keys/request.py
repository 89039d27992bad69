"""Keys for what the request itself carries (FACTS 5.3, R3.4)."""

from collections.abc import Mapping

import msgspec

from assumable.engine import services
from assumable.engine.facts import SET_SOURCE_IDENTITY, TAG_SESSION
from assumable.engine.keys.question import Question
from assumable.model.call import Absent, Open, Present, Value
from assumable.model.roles_anywhere import ROLES_ANYWHERE
from assumable.model.world import Unknown


def listed(question: Question, value: Value, *, also: str = "") -> Value:
    """A key that AWS lists for the main action and `also`; for other actions it is U-6 (R3.4)."""
    if question.is_main_action or question.action == also or isinstance(value, Absent):
        return value
    if not isinstance(value, Present):
        return value
    return Open("U-6", value, Absent(f"AWS does not list the key for {question.action} (R3.4)"))


def is_of_assume_role(name: str) -> bool:
    """Whether a key, in lower case, tells of parameters that AssumeRoot does not have.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
    """
    if name.startswith("sts:"):
        return name != "sts:taskpolicyarn"
    return name == "aws:tagkeys" or name.startswith("aws:requesttag/")


def task_policy(question: Question) -> Value:
    """`sts:TaskPolicyArn`."""
    found = question.call.task_policy_arn if question.call.api == "AssumeRoot" else ""
    if not found:
        return Absent("only AssumeRoot has a task policy")
    return Present((found,), "the TaskPolicyArn parameter")


_ASSERTED = "asserted by the identity provider"


def external_id(question: Question) -> Value:
    """`sts:ExternalId`."""
    found = question.call.parameters.get("ExternalId")
    service = services.service_of(question.call) if found is None else None
    if service is not None:
        found = service.external_id
        may_send = services.EXTERNAL_ID in service.may_send and not question.facts.world.complete
        if may_send:  # in a closed world a parameter that is not given is absent
            return Unknown(
                f"the ExternalId of {question.call.caller.arn}, if any", "parameters.ExternalId"
            )
    if found is None or question.call.api != "AssumeRole":
        return Absent("no ExternalId was sent")
    return listed(question, Present((str(found),), "the ExternalId parameter"))


def session_name(question: Question) -> Value:
    """`sts:RoleSessionName`."""
    found = question.call.session_name
    if found is None and question.call.api == "AssumeRoleWithSAML":
        return Unknown("the RoleSessionName attribute", "the assertion", present=True)
    if found is None:
        if question.facts.caller_is_service and not question.is_main_action:
            return Unknown("the session name that the service chooses")
        if question.facts.caller_is_service:
            return Unknown("the session name that the service chooses", present=True)
        return Unknown("no RoleSessionName was given", "--role-session-name", present=True)
    source = "parameter" if question.call.is_signed else "of this call"
    return listed(question, Present((found,), f"the RoleSessionName {source}"))


def source_identity(question: Question) -> Value:
    """`sts:SourceIdentity`: set by this call, asserted or inherited."""
    found = services.unsaid_source_identity(question.call) or question.call.source_identity
    if isinstance(found, Unknown):
        listed_here = question.is_main_action or question.action == SET_SOURCE_IDENTITY
        return found if listed_here else msgspec.structs.replace(found, present=False)
    if found is None and question.call.hides_attributes:
        return Unknown("the source identity of the caller's session", "the event that created it")
    if found is None:
        return Absent("no source identity is set or inherited")
    source = "set or inherited" if question.call.is_signed else _ASSERTED
    return listed(question, Present((found,), source), also=SET_SOURCE_IDENTITY)


def tags_visible(question: Question) -> bool:
    """Whether AWS lists the tag keys for this action (R3.4)."""
    return question.is_main_action or question.action == TAG_SESSION


def many(keys: tuple[str, ...], reason: str, *, visible: bool) -> Value:
    """A multivalued key, absent when it would be empty."""
    if keys and visible:
        return Present(keys, reason, multivalued=True)
    return Absent("no tags were sent" if not keys else "AWS does not list it for this action")


def transitive_keys(question: Question) -> Value:
    """`sts:TransitiveTagKeys`."""
    keys = question.call.transitive_tag_keys or services.own_tags(question.call)
    source = "the TransitiveTagKeys parameter" if question.call.is_signed else _ASSERTED
    return many(keys, source, visible=tags_visible(question))


def tag_keys(question: Question) -> Value:
    """`aws:TagKeys`."""
    if services.sends_certificate(question.call):
        return Unknown("which certificate fields are passed as tags", "parameters.Tags")
    keys = tuple(question.call.tags) or services.own_tags(question.call)
    source = "the keys of the Tags parameter" if question.call.is_signed else _ASSERTED
    return many(keys, source, visible=tags_visible(question))


def context_providers(question: Question) -> Value:
    """`sts:RequestContextProviders`: the providers of the contexts that were passed."""
    passed = question.call.parameters.get("ProvidedContexts")
    entries = (
        [entry for entry in passed if isinstance(entry, dict)] if isinstance(passed, list) else []
    )
    found = tuple(str(entry["ProviderArn"]) for entry in entries if "ProviderArn" in entry)
    if not found:
        return Absent("no ProvidedContexts were passed")
    return Present(found, "the ProvidedContexts parameter", multivalued=True)


def request_context(question: Question, key: str) -> Value:
    """`sts:RequestContext/…`: what the assertion of a context says."""
    if isinstance(context_providers(question), Absent):
        return Absent("no ProvidedContexts were passed")
    return Unknown(f"{key} in the provided contexts", "the assertion itself")


def lookup(tags: Mapping[str, str | Unknown], key: str, reason: str) -> Value:
    """A tag by its key in lower case."""
    for name, value in tags.items():
        if name.lower() == key:
            return value if isinstance(value, Unknown) else Present((value,), reason)
    return Absent(f"{reason}: no such tag")


def request_tag(question: Question, key: str) -> Value:
    """`aws:RequestTag/…`; what Roles Anywhere sends appears as `aws:PrincipalTag/…` (5.8)."""
    if question.call.caller.arn == ROLES_ANYWHERE:
        return Absent("Roles Anywhere passes certificate fields as aws:PrincipalTag")
    if not tags_visible(question):
        return Absent(f"AWS does not list it for {question.action}")
    unsaid = services.unsaid_tags(question.call).get(key)
    if unsaid is not None:
        return unsaid
    if key in question.call.asserted.ambiguous_tags:
        what = f"which of its values the tag {key} of the token gets"
        return Unknown(what, "one value for each tag", present=True)
    source = "the Tags parameter" if question.call.is_signed else _ASSERTED
    return lookup(question.call.tags, key, source)
