"""Section 4 of the rules: lengths, patterns, ranges, tag rules, inherited attributes, durations."""

import json
import re
import unicodedata
from typing import Any

from tests.reference.operators import as_list

TEXT_PARAMETERS = {  # SourceIdentity up to 256 (C-4); \w is ASCII (4.1)
    "RoleSessionName": (2, 64, r"[\w+=,.@-]*"),
    "ExternalId": (2, 1224, r"[\w+=,.@:/-]*"),
    "SerialNumber": (9, 256, r"[\w+=/:,.@-]*"),
    "TokenCode": (6, 6, r"\d*"),
    "SourceIdentity": (2, 256, r"[\w+=,.@-]*"),
    "ProviderId": (4, 2048, r".*"),
    "PrincipalArn": (20, 2048, r"[\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD]+"),
    "RoleArn": (20, 2048, r"[\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD]+"),
    "Policy": (1, 10_000_000, r"[\t\n\r\x20-\xFF]+"),
}


def valid(params: dict, caller: dict, role: dict, session: dict) -> bool:
    """Everything about the parameters that STS refuses before or after authorization.

    A RoleSessionName that is left out was not written down: no call is made without one.
    """
    for name in TEXT_PARAMETERS.keys() & params.keys():
        least, most, pattern = TEXT_PARAMETERS[name]
        if not least <= len(params[name]) <= most:
            return False
        if not re.fullmatch(pattern, params[name], re.ASCII | re.DOTALL):
            return False
    return (
        valid_policies(params, caller, role)
        and valid_tags(params, session)
        and valid_contexts(params.get("ProvidedContexts"))
        and 0 <= params.get("MinimumSessionTokenSize", 0) <= 4096
        and within_limits(params.get("DurationSeconds", 3600), caller, role)
    )


def valid_policies(params: dict, caller: dict, role: dict) -> bool:
    """A readable session policy; managed ones of the role's account or of AWS, at most ten."""
    if "Policy" in params:
        if caller["kind"] in ("web", "saml") and len(params["Policy"]) > 2048:
            return False
        try:
            document = json.loads(params["Policy"])
            readable = all("Effect" in s for s in as_list(document["Statement"]))
        except (ValueError, TypeError, KeyError):
            return False
        if not readable:
            return False
    arns = [entry["arn"].split(":") for entry in params.get("PolicyArns", [])]
    return len(arns) <= 10 and all(arn[4] in (role["account"], "aws") for arn in arns)


def valid_tags(params: dict, session: dict) -> bool:
    tags, transitive = params.get("Tags", []), params.get("TransitiveTagKeys", [])
    if len(tags) > 50 or len(transitive) > 50:
        return False
    if not all(tag_text(t["Key"], 1, 128) and tag_text(t["Value"], 0, 256) for t in tags):
        return False
    keys = {tag["Key"].lower() for tag in tags}
    if len(keys) != len(tags) or not {key.lower() for key in transitive} <= keys:
        return False  # duplicates are found case-insensitively (4.2)
    if {key.lower() for key in session.get("transitive_tag_keys", [])} & keys:  # R9.1
        return False
    inherited, passed = session.get("source_identity"), params.get("SourceIdentity")
    return not (inherited and passed and inherited != passed)  # R9.4; the same value is fine


def tag_text(text: str, least: int, most: int) -> bool:
    allowed = (c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in text)
    return least <= len(text) <= most and all(allowed)


def valid_contexts(contexts: list[dict[str, Any]] | None) -> bool:
    return contexts is None or (
        1 <= len(contexts) <= 5
        and all(20 <= len(c["ProviderArn"]) <= 2048 for c in contexts)
        and all(4 <= len(c["ContextAssertion"]) <= 2048 for c in contexts)
    )


def valid_mfa(call: dict, caller: dict) -> bool:
    """Section 7.3: both or neither, a right code, and only an IAM user has a device."""
    given = [name in call["parameters"] for name in ("SerialNumber", "TokenCode")]
    usable = caller["kind"] == "user" and call.get("mfa_code") != "wrong"
    return (all(given) and usable) if any(given) else True


def within_limits(duration: int, caller: dict, role: dict) -> bool:
    """The range, the role's maximum (not for services, R4.5), one hour when chaining (R4.1)."""
    if not 900 <= duration <= 43200:
        return False
    if caller["kind"] == "service":
        return True
    most = role["record"].get("MaxSessionDuration", 3600)
    return duration <= (min(most, 3600) if caller["temporary"] else most)  # U-9 counts
