"""AssumeRoleWithWebIdentity: providers, claims, tags and roles in tokens."""

from typing import Any

from tests.reference.generator.draft import SWITCH
from tests.reference.generator.drawing import near
from tests.reference.generator.federated import SHARED_FAULTS, Federated

CLAIM = "https://aws.amazon.com/"
SUB = "repo:acme/app:ref:refs/heads/main"
TOKENS: dict[str, dict[str, Any]] = {  # issuers, each with claims that are typical of it
    "token.actions.githubusercontent.com": {
        "aud": "sts.amazonaws.com",
        "sub": SUB,
        "repository": "acme/app",
        "ref": "refs/heads/main",
        "actor": "alice",
        "environment": "prod",
    },
    "token.actions.githubusercontent.com/acme": {"aud": "sts", "sub": SUB, "actor_id": 4711},
    "token.actions.acme.ghe.com": {"aud": "sts.amazonaws.com", "sub": SUB, "workflow": "ci"},
    "github.com/enterprises/acme": {"aud": "sts.amazonaws.com", "sub": SUB, "enterprise_id": 9},
    "gitlab.com": {
        "aud": "https://gitlab.com",
        "sub": "project_path:acme/app:ref_type:branch:ref:main",
        "project_id": 42,
        "user_login": "alice",
        "ref_protected": "true",
    },
    "agent.buildkite.com": {"aud": "sts.amazonaws.com", "sub": "x:y", "pipeline_slug": "app"},
    "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633": {
        "aud": "sts.amazonaws.com",
        "sub": "system:serviceaccount:web:ci",
        "kubernetes.io": "no key",
    },
    "oidc.circleci.com/org/1234": {
        "aud": "1234",
        "sub": "org/1234/project/5678",
        "oidc.circleci.com/project-id": "5678",
    },
    "app.terraform.io": {
        "aud": "aws.workload.identity",
        "sub": "organization:acme:project:p:workspace:w:run_phase:apply",
        "terraform_workspace_name": "w",
    },
    "idp.example.com/tenant/a": {
        "aud": "client-1",
        "sub": "alice",
        "email": "alice@example.com",
        "amr": ["pwd", "mfa"],
        "groups": "admins",
    },
    "accounts.google.com": {
        "aud": "client-1",
        "azp": "client-2",
        "sub": "1234567890",
        "google/organization_number": 77,
    },
    "cognito-identity.amazonaws.com": {
        "aud": "us-east-1:12345678-dead-beef-cafe-123456790ab",
        "sub": "us-east-1:12345678-aaaa-bbbb-cccc-123456790ab",
        "amr": ["authenticated", "login.provider.com"],
    },
    "www.amazon.com": {"app_id": "amzn1.app.1", "user_id": "amzn1.account.1"},
    "graph.facebook.com": {"app_id": "111222", "id": "333444"},
}
BUILT_IN = tuple(TOKENS)[-4:]
KEYS = {  # the claims above that are condition keys, but for aud, oaud, sub, amr and email
    "token.actions.githubusercontent.com": "repository ref actor environment actor_id",
    "token.actions.acme.ghe.com": "workflow",
    "github.com": "enterprise_id",
    "gitlab.com": "project_id user_login ref_protected",
    "agent.buildkite.com": "pipeline_slug",
    "oidc.circleci.com": "oidc.circleci.com/project-id",
    "accounts.google.com": "google/organization_number",
}
WEB_FAULTS = ("issuer", "client-id", "not-yet", "roles-claim", "session-name")


class WebIdentity(Federated):
    """A token of one of several providers."""

    kind = "web"
    api = "AssumeRoleWithWebIdentity"
    main_action = "sts:AssumeRoleWithWebIdentity"

    def fault_pool(self) -> list[str]:
        pool = [*super().fault_pool(), *SHARED_FAULTS, *WEB_FAULTS]
        apart = ("region", "suspended", "rcp-deny", "endpoint", "endpoint-deny", "session-name")
        return [f for f in pool if f not in apart] if self.goal else pool

    def make_caller(self) -> None:
        rng = self.rng
        self.issuer = rng.choice(list(TOKENS))
        self.built_in = self.issuer in BUILT_IN
        place = f"arn:{self.partition}:iam::{self.target}:oidc-provider/{self.issuer}"
        self.provider = self.issuer if self.built_in else place
        self.claims: dict[str, Any] = dict(TOKENS[self.issuer])
        if not self.built_in and self.chance(0.15):
            self.claims["azp"] = "azp-client"
        if not self.built_in and self.chance(0.1):
            self.claims["amr"] = rng.choice(["pwd", ["mfa", "hwk"]])
        if "azp" in self.claims and self.chance(0.2):  # what `oaud` is then is not said
            self.claims["aud"] = [self.claims["aud"]]
        now = int(self.time.timestamp())
        if self.chance(0.3):
            self.claims |= {"iat": now - 60, "exp": now + rng.choice([1, 300])}
        if "token-expired" in self.faults:
            self.claims["exp"] = now - rng.choice([0, 30, 3000])
        if "not-yet" in self.faults:
            self.claims["iat"] = now + 3600

    def make_parameters(self) -> None:
        rng = self.rng
        name = rng.choice(["deploy-session", "alice", "a@b.example"])
        self.params["RoleSessionName"] = name
        if self.goal:
            self.params["RoleSessionName"] = self.goal.parameters["RoleSessionName"]
        if "session-name" in self.faults:
            self.params["RoleSessionName"] = rng.choice(["a", "two words", "n" * 65, "n" * 64])
        if self.issuer in BUILT_IN[2:] and self.chance(0.5):
            self.params["ProviderId"] = self.issuer
        self.make_attributes()
        self.make_duration()
        self.add_claims()

    def add_claims(self) -> None:
        """Tags, source identity and roles of the token (R5.16, R5.8)."""
        if self.request_tags and self.chance(0.6):
            tags = {k: v if self.chance(0.5) else [v] for k, v in self.request_tags.items()}
            self.claims[f"{CLAIM}tags"] = {"principal_tags": tags}
            if self.transitive:
                self.claims[f"{CLAIM}tags"]["transitive_tag_keys"] = self.transitive
        else:
            for key, value in self.request_tags.items():
                self.claims[f"{CLAIM}tags/principal_tags/{key}"] = value
            if self.transitive:
                self.claims[f"{CLAIM}tags/transitive_tag_keys"] = self.transitive
        if self.source_identity:
            self.claims[f"{CLAIM}source_identity"] = self.source_identity
        self.authorizes = "roles-claim" in self.faults or self.chance(0.15)
        if self.authorizes:
            roles: Any = [self.role_arn, f"{self.role_arn}-2"]
            if "roles-claim" in self.faults:
                roles = [near(self.rng, self.role_arn), self.role_arn.replace("role/", "role/*")]
            self.claims[f"{CLAIM}roles"] = self.rng.choice([roles, roles[0]])

    def caller(self) -> dict:
        issuer = self.issuer
        if "issuer" in self.faults:
            issuer = self.rng.choice([f"{issuer}/", f"{issuer}x", f"{issuer}/other", f"x.{issuer}"])
        claims = {"iss": f"https://{issuer}"} | self.claims
        given: dict[str, Any] = {"claims": claims}
        if not self.built_in and "issuer" not in self.faults and self.chance(0.3):
            given["identity_provider"] = self.provider
        return given

    def own_accounts(self) -> dict[str, dict]:
        place = f"arn:{self.partition}:iam::{self.target}:oidc-provider"
        other = {"Arn": f"{place}/other.example.com", "ClientIDList": ["sts.amazonaws.com"]}
        providers = [other] if self.chance(0.2) else []
        if not self.built_in and "provider-missing" not in self.faults:
            audience = self.claims.get("azp", self.claims["aud"])
            audience = audience[0] if isinstance(audience, list) else audience
            clients = self.rng.choice([[audience], ["other", audience]])
            if "client-id" in self.faults:
                clients = self.rng.choice([["other"], [], [near(self.rng, audience)]])
            providers.append({"Arn": self.provider, "ClientIDList": clients})
        elif self.chance(0.5):
            providers.append({"Arn": f"{self.provider}-2", "ClientIDList": ["sts.amazonaws.com"]})
        return {self.target: {"OpenIDConnectProviders": providers}} if providers else {}

    # ---- condition keys ------------------------------------------------------------------------

    def caller_facts(self) -> dict[str, tuple[str, Any]]:
        facts = super().caller_facts()
        facts["aws:FederatedProvider"] = (
            "arn" if ":" in self.provider else "string",
            self.provider,
        )
        facts["sts:RoleSessionName"] = ("string", self.params["RoleSessionName"])
        if self.actions == [self.main_action]:  # the key of a sub-action is not settled (U-6)
            facts["sts:RoleAuthorizedByIdp"] = ("idp-role", self.authorizes or None)
        facts["other.example.com:sub"] = ("string", None)
        return facts | self.claim_facts()

    def claim_facts(self) -> dict[str, tuple[str, Any]]:
        values = {
            k: v[0] if isinstance(v, list) and k != "amr" else v for k, v in self.claims.items()
        }
        audience = values.get("azp", values.get("aud"))
        facts: dict[str, tuple[str, Any]] = {}
        if not self.built_in or self.issuer in BUILT_IN[:2]:
            facts = {"aud": ("string", audience), "sub": ("string", values.get("sub"))}
        listed = isinstance(self.claims.get("aud"), list)
        if not listed and (not self.built_in or self.issuer == "accounts.google.com"):
            facts["oaud"] = ("string", values.get("aud"))
        if not self.built_in or self.issuer.startswith("cognito"):
            amr = values.get("amr")
            facts["amr"] = ("list", amr if isinstance(amr, list) or amr is None else [amr])
        if not self.built_in:
            facts["email"] = ("string", values.get("email"))
        if self.issuer in BUILT_IN[2:]:  # R5.14a speaks of external providers
            facts = {
                key: ("string", values[key]) for key in values if key in ("app_id", "user_id", "id")
            }
        own = KEYS.get(self.issuer.partition("/")[0], "").split()
        for name, value in values.items():
            special = name in own and self.time > SWITCH
            if special:
                kind = "number" if name == "google/organization_number" else "string"
                facts[name] = (kind, value if kind == "number" else str(value))
            elif name in own or name in ("groups", "terraform_workspace_name", "kubernetes.io"):
                facts[name] = ("string", None)  # a claim, but no key (R5.14a)
        facts["iss"] = ("string", None)
        return {f"{self.issuer}:{name}": fact for name, fact in facts.items()}

    def trusted(self, wrong: bool) -> Any:
        rng = self.rng
        place = f"arn:{self.partition}:iam::{self.target}"
        if wrong:
            bad = [
                {"AWS": "*"},
                {"AWS": self.target},
                {"Federated": f"{place}:oidc-provider/{self.issuer}x"},
                {"Federated": f"{place}:saml-provider/{self.issuer}"},
                {"Federated": f"arn:{self.partition}:iam::333333333333:oidc-provider/x.example"},
                {"Service": self.issuer},
            ]
            if self.built_in:
                bad.append({"Federated": "graph.facebook.com.example"})
            return rng.choice(bad)
        if self.chance(0.08):
            return "*"
        listed: Any = rng.choice([self.provider, [f"{place}:saml-provider/Idp", self.provider]])
        return {"Federated": listed} | rng.choice([{}, {}, {"AWS": self.target}])
