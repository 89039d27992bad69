"""What an error text of STS says, what it can mean, and what it rules out (FACTS section 7).

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import collections
import functools
import importlib.resources
import re

import msgspec

from assumable.formats.message_patterns import (
    ASSUME,
    BEFORE_POLICIES,
    COMPANIONS,
    DENIED_COMPANION,
    DENIED_SAML,
    DENIED_SIGNED,
    DENIED_WEB,
    DENY_CAUSES,
    GENERAL,
    GENERAL_RULES_OUT,
    LAYER_CAUSES,
    LAYERS,
    NOT_SIGNED,
    OWN_LAYERS,
    RETOLD,
    SAML,
    TEXTS,
    WEB,
    Known,
)

_MAX_TEXT = 100_000
_FEWEST = 10
EVERY_KIND = "every kind"


class Message(msgspec.Struct, frozen=True):
    """An error text, taken apart."""

    code: str
    status: int
    """The HTTP status; 0 when the words are those of a client or service, not of STS."""
    call: str = ""
    """The operation, when the text names it but not the action that failed (R3.2)."""
    caller: str = ""
    action: str = ""
    role: str = ""
    layer: str = ""
    """The gate that the text blames; empty when it blames none, which says nothing (R7.1)."""
    causes: tuple[str, ...] = ()
    """What the text can mean, by slug."""
    rules_out: tuple[str, ...] = ()
    """Causes that AWS reports with another text."""
    meaning: str = ""


_WHAT = (
    r"ot authorized to perform(?: action)?:? (?P<action>sts:\w+)"
    r"(?: on resource: (?P<role>[^\s<>\"'`;)]+))?"
    r"(?P<why> (?:because (?:no|the)|with an explicit deny in) [^.\"]{1,300})?"
)
_DENIAL = re.compile(r"User: (?P<caller>.{1,200}?) is n" + _WHAT)
_SHORT_DENIAL = re.compile(r"(?P<caller>)\b[Nn]" + _WHAT)
"""Without a caller: unsigned calls, the text of old, and vendors that retell it."""
_REASON = re.compile(
    r"(?P<why>\b(?:because (?:no|the)|with an explicit deny in)"
    rf" (?:an? |the )?(?:{'|'.join(LAYERS)})\b[^.\"]{{0,300}})"
)
"""The end of a denial alone."""
_REASON_ACTION = re.compile(r"\bsts:\w+")
_ELSEWHERE = re.compile(
    r"when calling the (?!AssumeRole)\w+ operation|operation error (?!STS\b)[\w ]{1,40}:"
    r"|\b(?:perform(?: action)?:?|the) (?!sts:)[a-z][a-z0-9-]*:[A-Z*]\w*|\bHostId\b"
)
"""Signs that another call was denied, of STS or of another service."""
_BARE = re.compile(
    r"(?:(?:fatal|error|an error|aws|sts)[\w. -]{0,20}:? )?access ?denied(?:exception)?[\s.!]*",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"access ?denied|\b403\b|not authorized|unauthorized", re.IGNORECASE)
_FAILED = re.compile(
    r"fail|error|denied|deny|refused|unable|could not|can ?not|can't|not (?:able|allowed)|not auth",
    re.IGNORECASE,
)
_API = re.compile(r"AssumeRole(?:WithWebIdentity|WithSAML)?\b")
_ASSUMING = re.compile(
    r"\bassum(?:e|es|ed|ing)\b.{0,60}?(?:\brole\b|arn:aws[\w-]*:iam:)|\brole\b.{0,60}?\bassumed\b",
    re.IGNORECASE,
)
_OIDC = re.compile(r"assum(?:e|ing) (?:the )?role with (?:OIDC|web ?identity)", re.IGNORECASE)
_ROLE = re.compile(r"arn:aws[\w-]*:iam::[^\s:]{0,20}:role/[^\s'\"`<>,;)]+")
_RESOURCE_WORDS = "no resource-based policy"


def parse_message(text: str) -> Message | None:
    """The first known error text in what was pasted; None when there is none.

    >>> parse_message("Roles may not be assumed by root accounts.").causes
    ('root-caller',)
    """
    flat = " ".join(text[:_MAX_TEXT].replace('\\"', '"').split())
    denial = _DENIAL.search(flat)
    if denial is not None:
        return _denied(denial)
    for known in TEXTS:
        found = re.search(known.pattern, flat)
        if found is not None:
            return _known(known, found)
    short = _SHORT_DENIAL.search(flat)
    if short is not None:
        return _denied(short)
    return _reason_alone(flat) or _general(flat)


def _known(known: Known, found: re.Match[str]) -> Message:
    groups = {name: value or "" for name, value in found.groupdict().items()}
    return Message(
        code=known.code,
        status=known.status,
        action=known.action,
        role=groups.get("role", ""),
        causes=known.causes,
        meaning=known.meaning.format(**groups),
    )


# Denials by a policy


def _denied(found: re.Match[str]) -> Message:
    action, why = found["action"], found["why"] or ""
    words = next((words for words in LAYERS if words in why), "")
    causes, rules_out = _causes(action)
    return Message(
        code="AccessDenied",
        status=403,
        caller=found["caller"] or "",
        action=action,
        role=(found["role"] or "").rstrip(".,:"),
        layer=LAYERS.get(words, ""),
        causes=_narrowed(LAYERS[words], why, action) if words else causes,
        rules_out=rules_out,
        meaning=_blaming(action, words, why) if words else _blaming_nobody(action),
    )


def _reason_alone(flat: str) -> Message | None:
    """The layer that a fragment blames; a reason without an action may be that of any call."""
    found = _REASON.search(flat)
    if found is None or _ELSEWHERE.search(flat):
        return None
    why = found["why"]
    named = _REASON_ACTION.search(why)
    action = named[0] if named else ""
    words = next(words for words in LAYERS if words in why)
    return Message(
        code="AccessDenied",
        status=403,
        action=action,
        layer=LAYERS[words],
        causes=_narrowed(LAYERS[words], why, action),
        rules_out=_causes(action)[1] if action else GENERAL_RULES_OUT,
        meaning=_blaming(action or "the call", words, why),
    )


def _general(flat: str) -> Message | None:
    """A text that says only that access was denied, or that a role could not be assumed."""
    named = _API.search(flat)
    api = named[0] if named else ("AssumeRoleWithWebIdentity" if _OIDC.search(flat) else "")
    assuming = bool(api) or _ASSUMING.search(flat) is not None
    is_code = "AccessDenied" in flat or _BARE.fullmatch(flat) is not None
    if not (is_code or (assuming and _FAILED.search(flat))):
        return None
    if not api and _ELSEWHERE.search(flat):
        return None
    role = _ROLE.search(flat)
    is_refused = is_code or _REFUSED.search(flat) is not None
    return Message(
        code="AccessDenied" if is_refused else "",
        status=403 if is_refused else 0,
        call=api or ("AssumeRole" if assuming else ""),
        role=role[0].rstrip(".:") if role else "",
        causes=_of_call(api, is_refused=is_refused),
        rules_out=GENERAL_RULES_OUT if is_refused else (),
        meaning=_GENERAL_MEANING if is_refused else _RETOLD_MEANING,
    )


def _of_call(api: str, *, is_refused: bool) -> tuple[str, ...]:
    if not api:
        return GENERAL if is_refused else RETOLD
    causes, others = _causes(f"sts:{api}")
    return causes if is_refused else (*causes, *others)


_GENERAL_MEANING = (
    "access was denied, and nothing in the text says why: the reasons of STS follow. The line that "
    "begins with `User:` or `Not authorized` says more, when a log has it"
)
_RETOLD_MEANING = (
    "a tool reports in its own words that a role could not be assumed. What STS answered says "
    "more: look for `An error occurred` or a code such as AccessDenied in its log"
)


def _causes(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a denial of the action can mean, and what AWS says in other words."""
    if action in (WEB, SAML):
        unsigned = (*BEFORE_POLICIES, "identity-provider", "credentials", *OWN_LAYERS)
        return DENIED_WEB if action == WEB else DENIED_SAML, unsigned
    if action in COMPANIONS:
        return (COMPANIONS[action], *DENIED_COMPANION), BEFORE_POLICIES
    if action == "sts:SetContext":
        return DENIED_COMPANION, BEFORE_POLICIES
    if action == ASSUME:
        return DENIED_SIGNED, (*BEFORE_POLICIES, *NOT_SIGNED)
    return (*OWN_LAYERS, "vpc-endpoint-policy"), ()  # no role, so no trust policy: AssumeRoot, …


def _narrowed(layer: str, why: str, action: str) -> tuple[str, ...]:
    if "explicit deny" in why and layer in DENY_CAUSES:
        return DENY_CAUSES[layer]
    causes, own = LAYER_CAUSES[layer], COMPANIONS.get(action)
    if own in causes:
        causes = (own, *(cause for cause in causes if cause != own))
    return (*causes, "identity-permission") if _RESOURCE_WORDS in why else causes  # R7.7


def _blaming_nobody(action: str) -> str:
    """R7.1: whatever denied, the text is the same."""
    return (
        f"AWS did not allow {action}, and the text names no layer. That says nothing: the caller's "
        "side, the role's side and a role that does not exist read the same (R7.1, R7.2)"
        if action not in (WEB, SAML)
        else f"AWS did not allow {action}. The token itself was accepted; the trust policy, a role "
        "that does not exist, an RCP and an endpoint policy read the same (R7.1, R7.9)"
    )


def _blaming(action: str, words: str, why: str) -> str:
    what = "a Deny there matched" if "explicit deny" in why else "nothing there allows it"
    doubt = "another layer may deny as well, since the text names only one (R7.6)"
    if _RESOURCE_WORDS in why:
        doubt += (
            "; these words were seen for other services when it was the caller's own side that "
            "lacked the permission (R7.7)"
        )
    return f"AWS did not allow {action} and blames the {words}: {what}; {doubt}"


# Priors


@functools.cache
def priors() -> dict[str, dict[str, int]]:
    """How often each cause was behind a public failure, by kind of call: never evidence."""
    data = importlib.resources.files("assumable.formats") / "data" / "priors.json"
    counts: dict[str, dict[str, int]] = msgspec.json.decode(data.read_bytes())["counts"]
    return counts


def kind_of_call(message: Message) -> str:
    """The kind of call whose priors fit the message; `EVERY_KIND` when it names no call."""
    if message.action in (WEB, SAML) or f"sts:{message.call}" in (WEB, SAML):
        return message.call or message.action.removeprefix("sts:")
    if message.causes[:1] == ("service-principal",):
        return "service"
    if message.causes == ("client-config",):
        return "client-config"
    return "AssumeRole" if message.action or message.call or message.layer else _unnamed(message)


def _unnamed(message: Message) -> str:
    return EVERY_KIND if message.causes == GENERAL else "AssumeRole"


def counts_of(kind: str) -> dict[str, int]:
    """How often each cause was behind a failure of the kind; none when there were too few."""
    if kind != EVERY_KIND:
        return priors()[kind] if sum(priors()[kind].values()) >= _FEWEST else {}
    total: collections.Counter[str] = collections.Counter()
    for counts in priors().values():
        total.update(counts)
    return dict(total)


def by_prior(message: Message) -> tuple[tuple[str, int], ...]:
    """The causes that the message can mean with their counts, the most frequent first.

    The text names the action that failed (R3.2): tags and source identity come first when it is
    theirs, and last when it is not, since then only a condition can be behind them. Neither place
    has a count, since the failures were not counted by the action in their text.
    """
    counts = counts_of(kind_of_call(message))
    own = COMPANIONS.get(message.action)
    if message.action in (ASSUME, *COMPANIONS):
        counts = {cause: n for cause, n in counts.items() if cause not in COMPANIONS.values()}

    def rank(cause: str) -> tuple[bool, bool, int]:
        elsewhere = cause in COMPANIONS.values() and message.action in (ASSUME, *COMPANIONS)
        return cause != own, elsewhere, -counts.get(cause, 0)

    return tuple((cause, counts.get(cause, 0)) for cause in sorted(message.causes, key=rank))
