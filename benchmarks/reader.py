"""How long reading AWS takes and how many calls it makes, in accounts of some size.

moto stands in for AWS on loopback: the times are those of the reader and of moto together, without
a network; the calls are those that AWS would get. `--json` prints one object.
"""

import json
import logging
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from boto3.session import Session
from moto.iam.models import iam_backends
from moto.organizations.models import FakeAccount, organizations_backends
from moto.server import ThreadedMotoServer

from assumable.ask import read_live
from assumable.aws.clients import Calls
from assumable.aws.reader import Readers
from assumable.diagnose import diagnose

ROLES, POLICIES, GROUPS, EACH = 1_000, 5_000, 10, 10
"""Roles and managed policies of an account; the groups of one user, and the policies of each."""
ROUNDS = 5
REGION = "eu-central-1"
KINDS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
READS = ["iam:Get*", "iam:List*", "organizations:Describe*", "organizations:List*"]


class Question(NamedTuple):
    """One call that is asked about."""

    name: str
    profile: str
    role: str
    via: tuple[str, ...] = ()


class Figures(NamedTuple):
    """What reading for one question takes."""

    verdict: str
    seconds: float
    """The median of the rounds."""
    calls: dict[str, int]
    """By operation."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.calls.values())


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trusting(principal: str) -> str:
    """A trust policy."""
    return policy({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"})


def telling_paths(describe: Any) -> Any:
    """Accounts described with their place in the tree, as AWS does and moto does not.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """

    def described(account: Any) -> dict[str, Any]:
        backend: Any = organizations_backends[account.master_account_id]["aws"]
        parents = {unit.id: unit.parent_id for unit in backend.ou}
        path, place = [account.id, ""], account.parent_id
        while place:
            path.insert(0, place)
            place = parents[place]
        return {**describe(account), "Paths": ["/".join([account.organization_id, *path])]}

    return described


FakeAccount.describe = telling_paths(FakeAccount.describe)  # type: ignore[method-assign]


class World:
    """An organization with two members, a caller's and a role's, and who reads them."""

    def __init__(self, url: str, folder: Path) -> None:
        """Everything is set up in moto, and the profiles in the folder."""
        self.url = url
        self._credentials = folder / "credentials"
        os.environ.update(
            AWS_SHARED_CREDENTIALS_FILE=str(self._credentials),
            AWS_CONFIG_FILE=str(folder / "config"),
            AWS_DEFAULT_REGION=REGION,
            AWS_EC2_METADATA_DISABLED="true",
        )
        for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_REGION"):
            os.environ.pop(name, None)
        self._units: list[str] = []
        self.people, self.targets = self._organization()
        for account in (self.people, self.targets):
            self._fill(account)
        self.questions = tuple(self._questions())

    def _client(self, service: Any, *keys: str) -> Any:
        session = Session(*(keys or ("manager", "secret")), region_name=REGION)
        return session.client(service, endpoint_url=self.url)

    def _profile(self, name: str, *keys: str) -> None:
        fields = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        lines = [f"{field} = {key}" for field, key in zip(fields, keys, strict=False)]
        with self._credentials.open("a") as file:
            file.write("\n".join([f"[{name}]", *lines, ""]))

    def _organization(self) -> tuple[str, str]:
        """Two accounts, each in a unit of a unit, with no policy but those of AWS."""
        self._profile("manager", "manager", "secret")
        client = self._organizations = self._client("organizations")
        client.create_organization(FeatureSet="ALL")
        self._root = root = client.list_roots()["Roots"][0]["Id"]
        for kind in KINDS:
            client.enable_policy_type(RootId=root, PolicyType=kind)
        accounts = []
        for name in ("people", "targets"):
            made = client.create_account(AccountName=name, Email=f"{name}@example.com")
            account, place = made["CreateAccountStatus"]["AccountId"], root
            for unit in ("company", name):
                made = client.create_organizational_unit(ParentId=place, Name=f"{unit}-{name}")
                place = made["OrganizationalUnit"]["Id"]
            client.move_account(AccountId=account, SourceParentId=root, DestinationParentId=place)
            self._units.append(place)
            accounts.append(account)
        return accounts[0], accounts[1]

    def stages(self) -> Iterator[tuple[str, Sequence[Question]]]:
        """The organization with more and more policies of its own, and what is asked in each."""
        yield "no policies of its own", self.questions[:1]
        guard = self._guard(self._root, KINDS[0])
        yield "one SCP of its own, at the root", self.questions[:1]
        self._organizations.detach_policy(PolicyId=guard, TargetId=self._root)
        self._organizations.delete_policy(PolicyId=guard)
        for unit in self._units:
            for kind in KINDS:
                self._guard(unit, kind)
        yield "two SCPs and two RCPs of its own, at units", self.questions

    def _guard(self, target: str, kind: str) -> str:
        deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
        everyone = {"Principal": "*"} if kind == KINDS[1] else {}
        made = self._organizations.create_policy(
            Content=policy({**deny, **everyone}),
            Name=f"{kind}-{target}",
            Type=kind,
            Description="-",
        )
        policy_id = str(made["Policy"]["PolicySummary"]["Id"])
        self._organizations.attach_policy(PolicyId=policy_id, TargetId=target)
        return policy_id

    def _fill(self, account: str) -> None:
        """The size of the account, straight into moto: nothing of it may matter."""
        backend: Any = iam_backends[account]["aws"]
        for n in range(ROLES):
            backend.create_role(
                role_name=f"role{n}", assume_role_policy_document=trusting(account), path="/",
                permissions_boundary=None, description="", tags=[], max_session_duration="3600",
            )  # fmt: skip
        for n in range(POLICIES):
            backend.create_policy("", "/", policy(allow("s3:Get*")), f"policy{n}", [])

    def _administrator(self, account: str) -> Any:
        role = f"arn:aws:iam::{account}:role/Administrator"
        sts = self._client("sts")
        found = sts.assume_role(RoleArn=role, RoleSessionName="benchmark")["Credentials"]
        keys = (found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        return self._client("iam", *keys)

    def _user(self, iam: Any, name: str, *statements: dict[str, Any]) -> None:
        iam.create_user(UserName=name)
        for n, statement in enumerate(statements):
            text = policy(statement)
            iam.put_user_policy(UserName=name, PolicyName=f"own{n}", PolicyDocument=text)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self._profile(name, key["AccessKeyId"], key["SecretAccessKey"])

    def _questions(self) -> Sequence[Question]:
        """Who asks for what."""
        people, targets = map(self._administrator, (self.people, self.targets))
        own, goal = (f"arn:aws:iam::{of}:role/" for of in (self.people, self.targets))
        self._user(targets, "auditor", allow(READS))
        self._user(people, "plain", allow("sts:AssumeRole"), allow(READS))
        self._user(people, "grouped", allow(READS))
        for n in range(GROUPS):
            people.create_group(GroupName=f"group{n}")
            people.add_user_to_group(GroupName=f"group{n}", UserName="grouped")
            for k in range(EACH):
                arn = f"arn:aws:iam::{self.people}:policy/policy{n * EACH + k}"
                people.attach_group_policy(GroupName=f"group{n}", PolicyArn=arn)
        for name in ("first", "second"):
            people.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(self.people))
            text = policy(allow("sts:AssumeRole"))
            people.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=text)
        targets.create_role(RoleName="goal", AssumeRolePolicyDocument=trusting(self.people))
        return (
            Question("a user with 2 policies", "plain", f"{goal}goal"),
            Question(
                f"a user in {GROUPS} groups of {EACH} managed policies", "grouped", f"{goal}goal"
            ),
            Question(
                "a chain of two roles", "plain", f"{goal}goal", (f"{own}first", f"{own}second")
            ),
            Question("a role that is not there", "plain", f"{goal}gaol"),
        )


@contextmanager
def running() -> Any:
    """A moto on loopback, which does not write down every request."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def measured(world: World, question: Question) -> Figures:
    """Time and calls of one question."""
    parameters = {"RoleArn": question.role, "RoleSessionName": "benchmark"}
    readers = Readers(
        profile=question.profile,
        role_profile="auditor",
        org_profile="manager",
        endpoint_url=world.url,
    )
    times: list[float] = []
    for _ in range(ROUNDS):
        calls, started = Calls(), time.perf_counter()
        scenario = read_live(
            parameters, readers, now=datetime.now(UTC), via_roles=question.via, calls=calls
        )
        times.append(time.perf_counter() - started)
    verdict = str(diagnose(*scenario).verdict)
    return Figures(verdict, statistics.median(times), dict(sorted(calls.counted.items())))


def main() -> None:
    """Read for every question and print what it took."""
    with tempfile.TemporaryDirectory() as folder, running() as url:
        world = World(url, Path(folder))
        found = {
            f"{question.name}; {organization}": measured(world, question)
            for organization, questions in world.stages()
            for question in questions
        }
    machine = f"Python {platform.python_version()}, {platform.machine()}, median of {ROUNDS}"
    size = f"{ROLES:,} roles and {POLICIES:,} managed policies in each account"
    if "--json" in sys.argv:
        cases = {name: {**row._asdict(), "total": row.total} for name, row in found.items()}
        sys.stdout.write(json.dumps({"machine": machine, "size": size, "cases": cases}) + "\n")
        return
    sys.stdout.write(f"{machine}\n{size}\n")
    for name, row in found.items():
        sys.stdout.write(f"{name}\n{row.total:8} calls  {row.seconds:6.2f} s  {row.verdict}\n")
        for operation, number in row.calls.items():
            sys.stdout.write(f"{number:8} {operation}\n")


if __name__ == "__main__":
    main()
