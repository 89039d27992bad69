"""What AWS's documentation leaves open, and how each question is decided here.

Every item has a default, or is tried both ways and then matters only where the outcome differs.
`--assume ITEM=VALUE` decides it otherwise.
"""

import msgspec


class OpenItem(msgspec.Struct, frozen=True, kw_only=True):
    """One question that documentation and measurements do not settle."""

    id: str
    question: str
    values: tuple[str, str]
    """The words of `--assume` for yes and for no."""
    default: bool | None
    """The reading that decides; None tries both."""
    evidence: str
    changes: str
    """What the answer changes."""
    is_settled: bool = False
    """Documented and measured alike, so that an answer need not speak of it."""


_ITEMS = (
    OpenItem(
        id="U-3",
        question="Do RCPs of the target account reach AssumeRoot?",
        values=("apply", "no-effect"),
        default=False,
        evidence="AWS names actions on roles only, and no list of actions is published",
        changes="AssumeRoot for an account whose RCPs deny it",
    ),
    OpenItem(
        id="U-4",
        question="Does a trust policy that names the user, the session or `*` make the caller's "
        "boundary and session policy count only where they deny?",
        values=("documented", "caps-count"),
        default=True,
        evidence="documented for resource policies in general, not measured for trust policies",
        changes="implicit denies of boundary and session policy in the same account",
    ),
    OpenItem(
        id="U-6",
        question="Do the checks of sts:TagSession and sts:SetSourceIdentity see sts:ExternalId, "
        "sts:RoleSessionName and sts:SourceIdentity?",
        values=("present", "absent"),
        default=None,
        evidence="AWS lists these keys for AssumeRole only; reports say that they are missing",
        changes="statements that allow the companion actions under such a condition",
    ),
    OpenItem(
        id="U-7",
        question="May GetSessionToken credentials call AssumeRoot?",
        values=("allowed", "refused"),
        default=None,
        evidence="the page on GetSessionToken allows AssumeRole only, and knows no AssumeRoot",
        changes="AssumeRoot with such credentials",
    ),
    OpenItem(
        id="U-9",
        question="Is AssumeRole with GetSessionToken credentials role chaining?",
        values=("chaining", "not-chaining"),
        default=True,
        evidence="the error of chaining was seen with such credentials (99designs/aws-vault#263)",
        changes="the limit of one hour",
    ),
    OpenItem(
        id="U-10",
        question="Do the caller's own policies see the MFA code that is sent with the call?",
        values=("visible", "hidden"),
        default=None,
        evidence="the documentation speaks of the trust policy only",
        changes="conditions on MFA in identity policies, boundaries and SCPs",
    ),
    OpenItem(
        id="U-11",
        question="Is aws:MultiFactorAuthPresent false, rather than absent, in a role session?",
        values=("false", "absent"),
        default=None,
        evidence="the documentation says only that such credentials carry no MFA information",
        changes="`IfExists` operators and denies that ask for false",
    ),
    OpenItem(
        id="U-19",
        question="Do SCPs of the role's account bind the bearers of tokens and assertions?",
        values=("apply", "do-not-apply"),
        default=False,
        evidence="SCPs are documented to bind principals of the account; the bearer is none yet",
        changes="AssumeRoleWithWebIdentity and AssumeRoleWithSAML into a member account",
    ),
    OpenItem(
        id="U-20",
        question='Does `"Principal": "*"` name the bearers of tokens and assertions?',
        values=("matches", "does-not-match"),
        default=True,
        evidence="inferred from the page on VPC endpoint policies",
        changes="trust policies open to everyone",
    ),
    OpenItem(
        id="U-21",
        question="Is the role one of those that may still assume themselves without being named?",
        values=("exempt", "denied"),
        default=False,
        evidence="the list is internal to AWS; CloudTrail shows explicitTrustGrant false for them",
        changes="a role that assumes itself",
    ),
    OpenItem(
        id="C-1",
        question="May GetSessionToken credentials call AssumeRole?",
        values=("allowed", "refused"),
        default=True,
        evidence="two pages say yes, an older one says no",
        changes="every call with such credentials",
    ),
    OpenItem(
        id="C-2",
        question='Does `{"AWS": "*"}` leave out the bearers of tokens and assertions?',
        values=("leaves-out", "matches"),
        default=True,
        evidence="the page on VPC endpoint policies says so, that on principals says the opposite",
        changes="trust, endpoint and resource control policies that name everyone in this form",
    ),
    OpenItem(
        id="C-4",
        question="Does AWS accept a source identity of 65 to 256 characters?",
        values=("accepted", "refused"),
        default=True,
        evidence="documented as 64, measured as 256",
        changes="long source identities",
    ),
    OpenItem(
        id="C-7",
        question="Does ForAllValues:StringNotLike hold when the key is missing?",
        values=("true", "false"),
        default=True,
        evidence="the prose says yes, the table beside it says no",
        changes="such conditions",
    ),
    OpenItem(
        id="C-8",
        question="Are policy variables replaced under Bool?",
        values=("replaced", "literal"),
        default=None,
        evidence="one page says yes, another leaves Bool out",
        changes="such conditions",
    ),
    OpenItem(
        id="C-9",
        question="Is sts:TagSession needed for tags that are only inherited?",
        values=("required", "not-required"),
        default=True,
        evidence="measured; the documentation speaks of tags that are passed",
        changes="every hop after a session with transitive tags",
    ),
    OpenItem(
        id="C-10",
        question="Does a trust policy of the same account that names the caller itself suffice?",
        values=("suffices", "identity-needed"),
        default=True,
        evidence="documented and measured; one public claim says otherwise",
        changes="callers without sts:AssumeRole in their own policies",
        is_settled=True,
    ),
    OpenItem(
        id="C-11",
        question="Must an opt-in Region be enabled in the caller's account too?",
        values=("both", "role-only"),
        default=True,
        evidence="the current page says both, an older wording named one account",
        changes="calls through the endpoint of an opt-in Region",
    ),
)
OPEN_ITEMS: dict[str, OpenItem] = {item.id: item for item in _ITEMS}
