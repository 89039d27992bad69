"""Which claims of which identity provider become condition keys: tables, nothing else.

FACTS 5.6 and 5.7;
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

import re
from datetime import UTC, datetime

import msgspec

GENERIC_CLAIMS = frozenset(("aud", "oaud", "sub", "amr", "email"))
"""Taken from the tokens of every OpenID Connect provider."""
MULTIVALUED_CLAIMS = frozenset(("amr",))  # C-5: Cognito's amr is read as a list and as a text
_PROVIDER_KEYS_SINCE = datetime(2026, 2, 2, tzinfo=UTC)
"""R5.14a: before that day only the generic claims of external providers reached the context."""


class ProviderKeys(msgspec.Struct, frozen=True):
    """The further claims that STS takes from the tokens of one provider."""

    issuer: re.Pattern[str]
    """Matches the whole issuer in lower case, without its scheme."""
    claims: frozenset[str]
    since: datetime | None = _PROVIDER_KEYS_SINCE
    is_oidc: bool = True
    """False for OAuth 2.0 access tokens, which lack the generic claims."""


def _row(
    issuer: str,
    *claims: str,
    since: datetime | None = _PROVIDER_KEYS_SINCE,
    is_oidc: bool = True,
) -> ProviderKeys:
    return ProviderKeys(re.compile(issuer), frozenset(claims), since, is_oidc)


PROVIDERS = (
    # GitHub: github.com with or without a customized issuer, data residency, enterprises
    _row(
        r"token\.actions\.githubusercontent\.com(/.+)?"
        r"|token\.actions\.[^/]+\.ghe\.com(/.+)?"
        r"|github\.com/enterprises/[^/]+",
        "actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref",
        "repository", "repository_id", "repository_owner_id", "workflow",
    ),
    _row(
        r"gitlab\.com",
        "namespace_id", "project_id", "pipeline_source", "ref_protected", "runner_environment",
        "user_access_level", "user_email", "user_id", "user_login",
    ),
    _row(
        r"agent\.buildkite\.com",
        "organization_slug", "organization_id", "pipeline_slug", "pipeline_id", "cluster_name",
        "cluster_id", "build_branch",
    ),
    _row(r"oidc\.circleci\.com/org/[^/]+", "oidc.circleci.com/project-id"),
    _row(r"accounts\.google\.com", "google/organization_number"),
    _row(r"idcs-[^/.]+\.identity\.oraclecloud\.com", "rpst_id"),
    # Built in, and older than the dated mapping
    _row(r"www\.amazon\.com", "app_id", "user_id", "sub", since=None, is_oidc=False),
    _row(r"graph\.facebook\.com", "app_id", "id", since=None, is_oidc=False),
)  # fmt: skip
"""Cognito, EKS, HCP Terraform, Bitbucket and all others supply the generic claims only."""

SAML_SINGLE_VALUED = frozenset(f"saml:{name}" for name in (
    "aud", "iss", "doc", "sub", "sub_type", "namequalifier", "edupersonorgdn",
    "edupersonprimaryaffiliation", "edupersonprimaryorgunitdn", "edupersonprincipalname",
    "commonname", "givenname", "mail", "name", "organizationstatus", "primarygroupsid", "surname",
    "uid", "x500uniqueidentifier",
))  # fmt: skip
SAML_MULTIVALUED = frozenset(f"saml:{name}" for name in (
    "cn", "edupersonaffiliation", "edupersonassurance", "edupersonentitlement",
    "edupersonnickname", "edupersonorgunitdn", "edupersonscopedaffiliation",
    "edupersontargetedid", "eduorghomepageuri", "eduorgidentityauthnpolicyuri", "eduorglegalname",
    "eduorgsuperioruri", "eduorgwhitepagesuri",
))  # fmt: skip
"""Types as the service authorization reference has them (R5.17, C-6)."""
SAML_SURVIVING = frozenset(("saml:namequalifier", "saml:sub", "saml:sub_type"))
"""R5.18: these survive into the later requests of a SAML session."""

SHARED_ISSUERS = {
    "token.actions.githubusercontent.com": "sub",
    "oidc-configuration.audit-log.githubusercontent.com": "sub",
    "vstoken.actions.githubusercontent.com": "sub",
    "gitlab.com": "sub",
    "agent.buildkite.com": "sub",
    "oidc.codefresh.io": "sub",
    "studio.datachain.ai/api": "sub",
    "app.terraform.io": "sub",
    "scalr.io": "sub",
    "tokens.cloud.shisho.dev": "sub",
    "proidc.upbound.io": "sub",
    "cognito-identity.amazonaws.com": "aud",
    "api.pulumi.com/oidc": "aud",
    "sandboxes.cloud": "aud",
    "oidc.vercel.com": "aud",
}
"""Issuers of many tenants, with the claim that a trust policy must test to be saved (R2.14).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""


def keys_of(issuer: str, at: datetime) -> frozenset[str]:
    """The claims, in lower case, that STS takes from an issuer's tokens on a day."""
    found = next((row for row in PROVIDERS if row.issuer.fullmatch(issuer.lower())), None)
    if found is None:
        return GENERIC_CLAIMS
    own = found.claims if found.since is None or at >= found.since else frozenset()
    return own | GENERIC_CLAIMS if found.is_oidc else own
