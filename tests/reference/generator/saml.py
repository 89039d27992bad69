"""AssumeRoleWithSAML: the provider, the asserted pair, attributes and `saml:*` keys."""

from datetime import timedelta
from typing import Any

from tests.reference.generator.drawing import THIRD
from tests.reference.generator.federated import SHARED_FAULTS, Federated

ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
SAML_FAULTS = ("provider-account", "pair", "session-name", "identity-center", "no-principal-arn")
TEXT_KEYS = {
    "saml:aud": "https://signin.aws.amazon.com/saml",
    "saml:iss": "https://idp.example.com",
    "saml:sub": "alice",
    "saml:sub_type": "persistent",
    "saml:namequalifier": "bG9uZyBoYXNo",
    "saml:mail": "alice@example.com",
    "saml:givenName": "Alice",
    "saml:uid": "u1",
}
LIST_KEYS = {
    "saml:cn": ["alice"],
    "saml:edupersonaffiliation": ["member", "staff"],
    "saml:edupersonentitlement": ["urn:a", "urn:b"],
}


class Saml(Federated):
    """An assertion of an identity provider of the role's account."""

    kind = "saml"
    api = "AssumeRoleWithSAML"
    main_action = "sts:AssumeRoleWithSAML"

    def fault_pool(self) -> list[str]:
        pool = [*super().fault_pool(), *SHARED_FAULTS, *SAML_FAULTS]
        apart = {"region", "suspended", "rcp-deny", "endpoint", "endpoint-deny", "session-name"}
        apart.add("identity-center")
        return [f for f in pool if f not in apart] if self.goal else pool

    def make_caller(self) -> None:
        if "identity-center" in self.faults:  # R2.13
            self.role_path = "/aws-reserved/sso.amazonaws.com/eu-central-1/"
            self.role_name = "AWSReservedSSO_Admin_0123456789abcdef"
            self.place_role()
        self.provider_name = self.rng.choice(["Corp", "ADFS", "idp.example-1"])
        account = THIRD if "provider-account" in self.faults else self.target
        self.provider = f"arn:{self.partition}:iam::{account}:saml-provider/{self.provider_name}"
        self.texts = self.some_tags(TEXT_KEYS)
        self.texts["saml:doc"] = f"{account}/{self.provider_name}"
        self.lists = {key: values for key, values in LIST_KEYS.items() if self.chance(0.5)}

    def make_parameters(self) -> None:
        rng = self.rng
        self.params["PrincipalArn"] = self.provider
        self.session_name: str | None = rng.choice(["alice", "alice@example.com", None])
        if self.goal:
            self.session_name = self.goal.parameters["RoleSessionName"]
        if "session-name" in self.faults:
            self.session_name = rng.choice(["a", "two words", "n" * 65, "n" * 64])
        if "no-principal-arn" in self.faults:
            del self.params["PrincipalArn"]
        self.make_attributes()
        self.make_duration()

    def caller(self) -> dict:
        given: dict[str, Any] = {"assertion": self.assertion()}
        if "PrincipalArn" in self.params and self.chance(0.5):
            given["identity_provider"] = self.provider
        return given

    def assertion(self) -> dict[str, Any]:
        made: dict[str, Any] = {**self.texts, **self.lists}
        pair = [self.role_arn, self.provider]
        if "pair" in self.faults:
            wrong = [[f"{pair[0]}x", pair[1]], [pair[0], f"{pair[1]}x"]]
            made[f"{ATTRIBUTE}Role"] = ",".join(self.rng.choice(wrong))
        elif self.chance(0.5):
            self.rng.shuffle(pair)
            one = ",".join(pair)
            made[f"{ATTRIBUTE}Role"] = self.rng.choice([one, [f"{self.role_arn}-2,x", one]])
        if self.session_name is not None:
            made[f"{ATTRIBUTE}RoleSessionName"] = self.session_name
        for key, value in self.request_tags.items():
            made[f"{ATTRIBUTE}PrincipalTag:{key}"] = value
        if self.transitive:
            made[f"{ATTRIBUTE}TransitiveTagKeys"] = self.transitive
        if self.source_identity:
            made[f"{ATTRIBUTE}SourceIdentity"] = self.source_identity
        if self.chance(0.1):
            made[f"{ATTRIBUTE}SessionDuration"] = self.maximum or 3600
        return made | self.validity()

    def validity(self) -> dict[str, Any]:
        """NotOnOrAfter and SessionNotOnOrAfter, as ISO 8601 or epoch."""
        found: dict[str, Any] = {}
        if "token-expired" in self.faults:
            ends = {self.rng.choice(["NotOnOrAfter", "SessionNotOnOrAfter"]): timedelta(seconds=-1)}
        else:
            ends = {"NotOnOrAfter": timedelta(minutes=5), "SessionNotOnOrAfter": timedelta(hours=9)}
            ends = {name: after for name, after in ends.items() if self.chance(0.2)}
        for name, after in ends.items():
            end = self.time + after
            found[name] = self.rng.choice([self.stamp(end), int(end.timestamp())])
        return found

    def own_accounts(self) -> dict[str, dict]:
        account = self.provider.split(":")[4]
        listed = [] if "provider-missing" in self.faults else [{"Arn": self.provider}]
        if self.chance(0.3):
            listed.append({"Arn": f"{self.provider}-2"})
        return {account: {"SAMLProviders": listed}} if listed else {}

    def caller_facts(self) -> dict[str, tuple[str, Any]]:
        facts = super().caller_facts()
        facts["aws:FederatedProvider"] = ("string", None)
        for key in TEXT_KEYS:
            facts[key] = ("string", self.texts.get(key))
        facts["saml:doc"] = ("string", self.texts["saml:doc"])
        for key in LIST_KEYS:
            facts[key] = ("list", self.lists.get(key))
        if self.session_name is not None:  # else its name is not known
            facts["sts:RoleSessionName"] = ("string", self.session_name)
        return facts

    def trusted(self, wrong: bool) -> Any:
        rng = self.rng
        if wrong:
            bad: list[Any] = [
                {"AWS": "*"},
                {"AWS": self.target},
                {"Federated": f"{self.provider}-2"},
                {"Federated": self.provider.replace("saml-provider/", "oidc-provider/")},
                {"Federated": self.provider.lower().replace("saml-provider/", "saml-provider/x")},
            ]
            return rng.choice(bad)
        if self.chance(0.08):
            return "*"
        listed: Any = rng.choice([self.provider, ["accounts.google.com", self.provider]])
        return {"Federated": listed} | rng.choice([{}, {}, {"AWS": self.target}])
