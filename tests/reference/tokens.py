"""Web identity tokens and SAML assertions: sections 5.6, 5.7, 7.5 and 7.6 of the rules."""

from datetime import UTC, datetime
from typing import Any

from tests.reference.operators import as_list, moment
from tests.reference.world import BUILT_IN, IDENTITY_CENTER

CLAIM = "https://aws.amazon.com/"
ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
GENERIC = ("aud", "oaud", "sub", "amr", "email")
PROVIDER_KEYS_SINCE = datetime(2026, 2, 2, tzinfo=UTC)  # R5.14a
PROVIDER_KEYS = {  # section 5.6, the claims of one provider
    "token.actions.githubusercontent.com": "actor actor_id enterprise_id environment"
    " job_workflow_ref ref repository repository_id repository_owner_id workflow",
    "gitlab.com": "namespace_id project_id pipeline_source ref_protected runner_environment"
    " user_access_level user_email user_id user_login",
    "agent.buildkite.com": "organization_slug organization_id pipeline_slug pipeline_id"
    " cluster_name cluster_id build_branch",
}
BUILT_IN_KEYS = {
    "accounts.google.com": ("aud", "oaud", "sub"),
    "cognito-identity.amazonaws.com": ("aud", "sub", "amr"),
    "www.amazon.com": ("app_id", "user_id", "sub"),
    "graph.facebook.com": ("app_id", "id"),
}


def asserted(call: dict) -> dict[str, Any]:
    """What token or assertion set for the new session, under the API's parameter names (R5.16)."""
    if "claims" in call["caller"]:
        return asserted_by_claims(call["caller"]["claims"])
    if "assertion" in call["caller"]:
        return asserted_by_attributes(call["caller"]["assertion"])
    return {}


def asserted_by_claims(claims: dict) -> dict[str, Any]:
    nested = claims.get(f"{CLAIM}tags", {})
    tags = dict(nested.get("principal_tags", {}))
    transitive = list(nested.get("transitive_tag_keys", []))
    for name, value in claims.items():
        if name.startswith(f"{CLAIM}tags/principal_tags/"):
            tags[name.removeprefix(f"{CLAIM}tags/principal_tags/")] = value
        elif name == f"{CLAIM}tags/transitive_tag_keys":
            transitive += as_list(value)
    return session_attributes(tags, transitive, claims.get(f"{CLAIM}source_identity"))


def asserted_by_attributes(assertion: dict) -> dict[str, Any]:
    prefix = f"{ATTRIBUTE}PrincipalTag:"
    tags = {k.removeprefix(prefix): v for k, v in assertion.items() if k.startswith(prefix)}
    transitive = as_list(assertion.get(f"{ATTRIBUTE}TransitiveTagKeys", []))
    found = session_attributes(tags, transitive, assertion.get(f"{ATTRIBUTE}SourceIdentity"))
    name = assertion.get(f"{ATTRIBUTE}RoleSessionName")
    return found | ({"RoleSessionName": name} if name is not None else {})


def session_attributes(tags: dict, transitive: list, source_identity: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if tags:
        found["Tags"] = [{"Key": key, "Value": as_list(v)[0]} for key, v in tags.items()]
    if transitive:
        found["TransitiveTagKeys"] = transitive
    if source_identity is not None:
        found["SourceIdentity"] = source_identity
    return found


# ---- whether STS takes the token ---------------------------------------------------------------


def accepted(scenario: dict, caller: dict, role: dict) -> bool:
    """Section 0, step 6: everything about the token that is decided before any policy."""
    call, now = scenario["call"], moment(scenario["time"])
    account = scenario["accounts"].get(role["account"], {})
    if caller["kind"] == "web":
        return web_identity_accepted(call["caller"]["claims"], caller, role, account, now)
    if caller["kind"] == "saml":
        return assertion_accepted(call["caller"]["assertion"], caller, role, account, now)
    return True


def web_identity_accepted(
    claims: dict, caller: dict, role: dict, account: dict, now: datetime
) -> bool:
    provider = caller["federated"]
    if provider not in BUILT_IN:
        registered = [p for p in account.get("OpenIDConnectProviders", []) if p["Arn"] == provider]
        if not registered:  # T27, R7.9: it has to be registered in the role's account
            return False
        if audience(claims) not in registered[0]["ClientIDList"]:
            return False
    if "exp" in claims and now >= moment(claims["exp"]):
        return False
    if "iat" in claims and moment(claims["iat"]) > now:
        return False
    roles = claims.get(f"{CLAIM}roles")
    return roles is None or role["arn"] in as_list(roles)  # R5.8: exact ARNs


def audience(claims: dict) -> Any:
    """R5.13: azp when the token has it."""
    return as_list(claims.get("azp", claims.get("aud")))[0]


def assertion_accepted(
    assertion: dict, caller: dict, role: dict, account: dict, now: datetime
) -> bool:
    provider = caller["federated"]
    if provider is None or provider not in [p["Arn"] for p in account.get("SAMLProviders", [])]:
        return False  # registered, and in the role's account
    own = provider.partition(":saml-provider/")[2].startswith("AWSSSO_")
    if role["path"].startswith(IDENTITY_CENTER) and not own:  # R2.13: the service's own sign-in
        return False
    pairs = assertion.get(f"{ATTRIBUTE}Role")
    wanted = [f"{role['arn']},{provider}", f"{provider},{role['arn']}"]
    if pairs is not None and not set(as_list(pairs)) & set(wanted):
        return False
    ends = [
        assertion[name] for name in ("NotOnOrAfter", "SessionNotOnOrAfter") if name in assertion
    ]
    return all(now < moment(end) for end in ends)


# ---- condition keys ----------------------------------------------------------------------------


def token_keys(call: dict, caller: dict, now: datetime, main: bool) -> dict[str, Any]:
    """Sections 5.6 and 5.7; the caller itself has no keys (R1.21, R1.31)."""
    if caller["kind"] == "saml":
        given = call["caller"]["assertion"]
        account, _, name = caller["federated"].split(":", 4)[4].partition(":saml-provider/")
        said = {key: v for key, v in given.items() if key.lower().startswith("saml:")}
        return {"saml:doc": f"{account}/{name}"} | said
    claims = call["caller"]["claims"]
    issuer = claims["iss"].removeprefix("https://")
    values = {**claims, "oaud": claims.get("aud"), "aud": claims.get("azp", claims.get("aud"))}
    values = {
        name: v[0] if isinstance(v, list) and name != "amr" else v for name, v in values.items()
    }
    if "amr" in values:
        values["amr"] = as_list(values["amr"])  # multivalued (C-5)
    keys = {f"{issuer}:{name}": values.get(name) for name in claim_names(issuer, now)}
    keys["aws:FederatedProvider"] = caller["federated"]
    if main and f"{CLAIM}roles" in claims:
        keys["sts:RoleAuthorizedByIdp"] = True
    return keys


def claim_names(issuer: str, now: datetime) -> list[str]:
    """The claims that become condition keys; an earlier date knows the generic ones alone."""
    if issuer in BUILT_IN:
        later = ["google/organization_number"] if issuer == "accounts.google.com" else []
        return [*BUILT_IN_KEYS[issuer], *(later if now >= PROVIDER_KEYS_SINCE else [])]
    if now < PROVIDER_KEYS_SINCE:
        return list(GENERIC)
    host = issuer.partition("/")[0]
    enterprise = host.startswith("token.actions.") and host.endswith(".ghe.com")
    if enterprise or issuer.startswith("github.com/enterprises/"):
        host = "token.actions.githubusercontent.com"
    own = PROVIDER_KEYS.get(host, "").split()
    if host == "oidc.circleci.com":
        own = ["oidc.circleci.com/project-id"]
    if host.endswith(".identity.oraclecloud.com"):
        own = ["rpst_id"]
    return [*GENERIC, *own]
