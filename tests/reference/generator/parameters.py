"""Every limit of section 4 of the rules: values at it, and one beyond."""

from tests.reference.generator.drawing import document, managed
from tests.reference.generator.maker import small_document
from tests.reference.generator.principals import Principal

TEXTS: dict[str, list[str]] = {
    "RoleSessionName": ["a", "ab", "n" * 64, "n" * 65, "a+=,.@-_9", "a b", "a/b", "a:b", "aé", ""],
    "ExternalId": ["a", "ab", "e" * 1224, "e" * 1225, "a:b/c+=,.@-_", "a b", "a#b", "ä1"],
    "SourceIdentity": ["a", "ab", "s" * 64, "s" * 65, "s" * 256, "s" * 257, "aws:x", "a/b", "a@b"],
    "Policy": [small_document(), "", "{}", "not JSON", "[]", '{"Statement": "✓"}', '"text"'],
}
DURATIONS = (0, 899, 900, 3600, 3601, 7200, 43200, 43201)
TAG_KEYS = ("", "k", "k" * 128, "k" * 129, "a b", "ä", "日本", "a*b", "a_.:/=+-@", "a,b")
TAG_VALUES = ("", "v" * 256, "v" * 257, "a b", "日本", "a*b", "_.:/=+-@", "tab\t")
CODES = ("12345", "123456", "1234567", "12345a", "１２３４５６")
SERIALS = ("GAHT1234", "GAHT12345", "s" * 256, "s" * 257, "arn:aws:iam::1:mfa/a b", "GAHT+=/:,.@-")


class Limits(Principal):
    """Calls that would pass but for what a parameter may be."""

    def pick_faults(self) -> set[str]:
        return set()

    def make_own_parameters(self) -> None:
        self.more_policies: list[dict] = []
        self.params["RoleSessionName"] = "deploy-session"
        cases = [
            self.limit_text,
            self.limit_duration,
            self.limit_tags,
            self.limit_policies,
            self.limit_contexts,
            self.limit_mfa,
            self.limit_inherited,
        ]
        for case in self.rng.sample(cases, self.rng.choice([1, 1, 2])):
            case()

    def limit_text(self) -> None:
        name = self.rng.choice(list(TEXTS))
        self.params[name] = self.rng.choice(TEXTS[name])
        if name == "RoleSessionName" and self.chance(0.1):
            del self.params[name]

    def limit_duration(self) -> None:
        most = 3600 if self.temporary else self.maximum or 3600
        self.params["DurationSeconds"] = self.rng.choice([*DURATIONS, most, most, most + 1])
        if self.chance(0.2):
            self.params["MinimumSessionTokenSize"] = self.rng.choice([0, 4096, 4097, -1])

    def limit_tags(self) -> None:
        rng = self.rng
        project = {"Key": "project", "Value": "x"}
        sets: list[list[dict]] = [
            [project, {"Key": rng.choice(["Project", "PROJECT", "projects"]), "Value": "y"}],
            [{"Key": f"k{n}", "Value": "x"} for n in range(rng.choice([50, 51]))],
            [{"Key": rng.choice(TAG_KEYS), "Value": "x"}],
            [{"Key": "k", "Value": rng.choice(TAG_VALUES)}],
            [project, {"Key": "stage", "Value": "prod"}],
        ]
        self.params["Tags"] = rng.choice(sets)
        self.request_tags = {tag["Key"]: tag["Value"] for tag in self.params["Tags"]}
        if self.chance(0.4):
            own = rng.choice(self.params["Tags"])["Key"]
            self.params["TransitiveTagKeys"] = rng.choice([[own], ["other"], [own, "other"]])

    def limit_policies(self) -> None:
        rng = self.rng
        count = rng.choice([1, 9, 10, 11])
        place = f"arn:{self.partition}:iam::"
        arns = [f"{place}{self.target}:policy/limit-{n}" for n in range(count)]
        everything = document([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
        self.more_policies = [managed(arn, [everything]) for arn in arns]
        if self.chance(0.4):
            arns[0] = rng.choice(
                [f"{place}aws:policy/ReadOnlyAccess", f"{place}333333333333:policy/x"]
            )
        self.params["PolicyArns"] = [{"arn": arn} for arn in arns]

    def limit_contexts(self) -> None:
        rng = self.rng
        count, provider = 1, "arn:aws:iam::aws:contextProvider/IdentityCenter"
        assertion = "assertion"
        what = rng.randrange(3)
        if what == 0:
            count = rng.choice([5, 6])
        elif what == 1:
            provider = rng.choice(["arn:aws:iam::aws:c/x", "arn:aws:iam::aws:c/"])
        else:
            assertion = "a" * rng.choice([3, 4, 2048, 2049])
        context = {"ProviderArn": provider, "ContextAssertion": assertion}
        self.params["ProvidedContexts"] = [context] * count

    def limit_mfa(self) -> None:
        proof = {
            "SerialNumber": self.rng.choice([*SERIALS, "GAHT12345678", "GAHT12345678"]),
            "TokenCode": self.rng.choice([*CODES, "123456", "123456"]),
        }
        if self.chance(0.1):
            del proof[self.rng.choice(list(proof))]
        self.params |= proof

    def limit_inherited(self) -> None:
        """What a session with a transitive tag and a source identity may pass."""
        if self.kind != "session":
            return
        self.session |= {"tags": {"squad": "red"}, "transitive_tag_keys": ["squad"]}
        self.session["source_identity"] = "alice"
        if self.chance(0.5):
            key = self.rng.choice(["squad", "SQUAD", "squads"])
            self.params["Tags"] = [{"Key": key, "Value": "red"}]
            self.request_tags = {key: "red"}
            self.params.pop("TransitiveTagKeys", None)
        if self.chance(0.5):
            self.params["SourceIdentity"] = self.rng.choice(["alice", "alice", "Alice", "bob"])

    def add_regions(self, accounts: dict[str, dict]) -> None:
        """R10.5: a Region that needs no opting in does not concern the caller's account."""
        super().add_regions(accounts)
        if self.chance(0.03):
            off = {"RegionName": self.network["region"], "OptInStatus": "not-opted-in"}
            accounts[self.home]["Regions"] = [off]

    def settled(self, made: dict) -> dict:
        if self.more_policies:
            account = made["accounts"][self.target]
            account["Policies"] = [*account.get("Policies", []), *self.more_policies]
        return super().settled(made)
