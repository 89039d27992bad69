"""`assumable demo`: the classic failures, for real, against an embedded AWS on loopback.

The only part of the command line that changes anything: in the MiniStack that it starts itself.
"""

import contextlib
import importlib.resources
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from types import FrameType
from typing import Any

import click
import msgspec

from assumable.cli import ministack
from assumable.cli.demo_cases import (
    CALL,
    CALLER_ACCOUNT,
    FILES,
    HEADLINE,
    LIVE,
    PERMISSION,
    READ_IAM,
    READER,
    ROLE,
    ROLE_ACCOUNT,
    USER,
    FileCase,
    LiveCase,
    PolicyDocument,
    PolicyEdit,
    edits_of,
)
from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.evaluate import Verdict
from assumable.findings import commands
from assumable.findings.apply import apply
from assumable.findings.finding import Fix
from assumable.formats.scenario import Scenario, parse_scenario
from assumable.model.call import Call
from assumable.model.policy import Layer
from assumable.source import Document

REGION = "us-east-1"
RULE = 100
_STREET = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
"""Proxies, which must not see what goes to loopback."""


@click.command(name="demo", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--plain", is_flag=True, help="No colour.")
def command(*, plain: bool) -> None:
    """The classic failures against an embedded AWS.

    Starts MiniStack on loopback, breaks a cross-account setup in every classic way, shows what AWS
    says, explains it, applies the plan and calls again. Leaves nothing behind. Exit status: 0 when
    every step went as expected, 1 otherwise.
    """
    script = ministack.find()
    color = not plain and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    demo = Demo(color=color)
    with _ending_cleanly(), ministack.running(script) as stack:
        demo.opening(stack.url)
        with _profiles(stack) as admin:
            for case in LIVE:
                demo.live(case, admin)
    demo.interlude()
    for example in FILES:
        demo.from_file(example)
    sys.exit(demo.closing())


@contextlib.contextmanager
def _ending_cleanly() -> Iterator[None]:
    """Being told to end unwinds the stack, so that the child never outlives the demo."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _profiles(stack: ministack.MiniStack) -> Iterator["Admin"]:
    """Both accounts set up; the profiles `deployer` and `auditor` in place of the user's own."""
    before = dict(os.environ)
    credentials, config = stack.folder / "credentials", stack.folder / "config"
    for name in [*_STREET, *(name for name in os.environ if name.startswith("AWS_"))]:
        os.environ.pop(name, None)
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(credentials)
    os.environ["AWS_CONFIG_FILE"] = str(config)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    try:
        admin = Admin(stack.url)
        keys = admin.set_up()
        _write_private(config, "".join(f"[profile {name}]\nregion = {REGION}\n" for name in keys))
        _write_private(credentials, "".join(
            f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
            for name, (key, secret) in keys.items()
        ))  # fmt: skip
        yield admin
    finally:
        os.environ.clear()
        os.environ.update(before)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


class Admin:
    """The administrator of both accounts: builds, breaks and mends."""

    def __init__(self, url: str) -> None:
        """MiniStack takes a 12-digit access key for the root of that account."""
        self.url = url
        self._caller_side = self._iam(CALLER_ACCOUNT)
        self._role_side = self._iam(ROLE_ACCOUNT)
        self._sts: Any = None

    def _iam(self, account: str) -> Any:
        from boto3.session import Session

        session = Session(account, "test", region_name=REGION)
        return session.client("iam", endpoint_url=self.url)

    def set_up(self) -> dict[str, tuple[str, str]]:
        """Create users and role; the keys of each profile."""
        keys = {
            USER: self._user(self._caller_side, USER, "ReadIam"),
            READER: self._user(self._role_side, READER, "ReadIam"),
        }
        first = LIVE[0]
        self._role_side.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(first.trust))
        return keys

    def _user(self, iam: Any, name: str, policy: str) -> tuple[str, str]:
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=json.dumps(READ_IAM))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def put(self, edit: PolicyEdit) -> None:
        """Save one policy."""
        text = json.dumps(edit.document)
        if edit.layer is Layer.TRUST:
            self._role_side.update_assume_role_policy(RoleName=ROLE, PolicyDocument=text)
        else:
            self._caller_side.put_user_policy(
                UserName=USER, PolicyName=edit.name, PolicyDocument=text
            )

    def arrange(self, trust: PolicyDocument, permission: PolicyDocument) -> None:
        """Put one case in place, with nothing left of the case before."""
        for name in self._caller_side.list_user_policies(UserName=USER)["PolicyNames"]:
            if name not in ("ReadIam", PERMISSION):
                self._caller_side.delete_user_policy(UserName=USER, PolicyName=name)
        self.put(PolicyEdit(Layer.TRUST, "", trust))
        self.put(PolicyEdit(Layer.IDENTITY, PERMISSION, permission))

    def assume(self, parameters: Mapping[str, Any]) -> tuple[bool, str]:
        """The caller's own AssumeRole call: whether it passed, and what AWS said."""
        from boto3.session import Session
        from botocore.exceptions import ClientError

        if self._sts is None:
            self._sts = Session(profile_name=USER).client("sts", endpoint_url=self.url)
        try:
            answer = self._sts.assume_role(**parameters)
        except ClientError as error:
            return False, str(error)
        return True, str(answer["AssumedRoleUser"]["Arn"])


class Demo:
    """Shows every step, and keeps what did not go as expected."""

    def __init__(self, *, color: bool) -> None:
        """Nothing is shown yet."""
        self.color = color
        self.shown = 0
        self.problems: list[str] = []

    def say(self, text: str = "", **style: Any) -> None:
        """One line, or several."""
        click.echo(click.style(text, **style) if style else text, color=self.color)

    def opening(self, url: str) -> None:
        """What stands where."""
        self.say(f"An AWS of our own is up at {url}; nothing leaves this machine.")
        self.say(f"  account {CALLER_ACCOUNT}  user {USER}, who calls")
        self.say(f"  account {ROLE_ACCOUNT}  role {ROLE}, which is asked for")
        self.say(f"  {'':20}  user {READER}, who may read it")

    def heading(self, title: str) -> None:
        """The next case."""
        self.shown += 1
        number = f"{self.shown} of {len(LIVE) + len(FILES)}"
        self.say()
        self.say(f"── {number} ── {title} ".ljust(RULE, "─"), bold=True)

    def expect(self, claim: str, *, holds: bool) -> bool:
        """Note it when something did not go as expected."""
        if not holds:
            self.problems.append(f"case {self.shown}: {claim}")
            self.say(f"✗ not as expected: {claim}", fg="red")
        return holds

    def live(self, case: LiveCase, admin: Admin) -> None:
        """Break, call, explain, mend, call again."""
        self.heading(case.title)
        admin.arrange(case.trust, case.permission)
        self._call(admin, case.parameters, passes=False)
        scenario, diagnosis = self._why(case.parameters, admin.url)
        fixes = self._check(diagnosis, frozenset({case.cause}))
        if not fixes:
            return
        edits, call = edits_of(fixes, *scenario)
        self._apply(fixes, edits, admin)
        self._call(admin, call.parameters, passes=True)
        _, after = self._why(call.parameters, admin.url, whole=False)
        self.expect(f"`{HEADLINE}`", holds=after.headline == HEADLINE)

    def _call(self, admin: Admin, parameters: Mapping[str, Any], *, passes: bool) -> None:
        self.say(f"\n$ {_aws_command(parameters)}", fg="cyan")
        passed, said = admin.assume(parameters)
        self.say(f"✓ a session: {said}" if passed else said, fg="green" if passed else "red")
        self.expect(f"AWS {'allows' if passes else 'refuses'} the call", holds=passed is passes)

    def _why(
        self, parameters: Mapping[str, Any], url: str, *, whole: bool = True
    ) -> tuple[Scenario, Diagnosis]:
        from assumable.ask import read_live
        from assumable.aws.reader import Readers

        flags = _aws_command(parameters).removeprefix("aws sts assume-role ")
        self.say(f"\n$ assumable why {flags} \\", fg="cyan")
        self.say(f"    --profile {USER} --role-profile {READER} --endpoint-url {url}", fg="cyan")
        readers = Readers(profile=USER, role_profile=READER, endpoint_url=url)
        scenario = read_live(parameters, readers, now=datetime.now(UTC))
        diagnosis = diagnose(*scenario)
        if whole:
            self._show(diagnosis)
        else:
            self.say(diagnosis.headline, fg="green")
        return scenario, diagnosis

    def _show(self, diagnosis: Diagnosis) -> None:
        from assumable.render import terminal

        # Everything here was made seconds ago, in an AWS that is consistent at once.
        settled = tuple(f for f in diagnosis.findings if f.cause != "propagation")
        diagnosis = msgspec.structs.replace(diagnosis, findings=settled)
        text = terminal.render(diagnosis, show_commands=False, color=self.color)
        click.echo(text, nl=False, color=self.color)

    def _check(self, diagnosis: Diagnosis, causes: frozenset[str]) -> list[Fix]:
        """The fixes of the best plan, once verdict and causes are as expected."""
        found = {finding.cause for finding in diagnosis.findings if finding.blocking}
        self.expect("the verdict is `denied`", holds=diagnosis.verdict is Verdict.DENIED)
        self.expect(f"found {', '.join(sorted(causes))}", holds=found == causes)
        if not self.expect("there is a proved plan", holds=bool(diagnosis.plans)):
            return []
        by_id = {fix.id: fix for fix in diagnosis.fixes}
        return [by_id[name] for name in diagnosis.plans[0].fixes]

    def _apply(self, fixes: list[Fix], edits: list[PolicyEdit], admin: Admin) -> None:
        self.say("\napplying the plan", bold=True)
        for fix in fixes:
            who = "in your call" if fix.is_request_only else f"as the admin of {fix.owner}"
            self.say(f"  {fix.title}, {who}")
        for edit in edits:
            admin.put(edit)

    def interlude(self) -> None:
        """Why the rest comes from files, and where they are."""
        self.say()
        self.say("The embedded AWS sees no MFA device and checks no durations. The other cases are")
        self.say("scenario files, decided by the same engine; nothing is called. They are in")
        self.say(str(_examples()))

    def from_file(self, case: FileCase) -> None:
        """Explain a scenario, apply the plan to a copy, and decide again."""
        self.heading(case.title)
        text = _examples().joinpath(case.file).read_text(encoding="utf-8")
        document = Document(case.file, text, "yaml")
        world, call = parse_scenario(document, now=datetime.now(UTC))
        diagnosis = diagnose(world, call)
        self.say(f"\n$ {commands.assume_role(call)}", fg="cyan")
        error = diagnosis.aws_error
        if error is not None:
            self.say(f"AWS would say ({error.code}): {error.message}", fg="red")
        self.say(f"\n$ assumable why --scenario {case.file}", fg="cyan")
        self._show(diagnosis)
        fixes = self._check(diagnosis, case.causes)
        if not fixes:
            return
        self.say("\nwith the plan applied to the scenario", bold=True)
        after = diagnose(*apply(fixes, world, call))
        self.say(f"{after.verdict}", fg="green")
        self.expect("the verdict is `allowed`", holds=after.verdict is Verdict.ALLOWED)

    def closing(self) -> int:
        """The result in one line each; the exit status."""
        self.say()
        if not self.problems:
            self.say(f"✓ all {self.shown} cases went as expected", fg="green", bold=True)
            return 0
        for problem in self.problems:
            self.say(f"✗ {problem}", fg="red", bold=True)
        return 1


def _examples() -> Traversable:
    """The folder of the scenario files that come with the package."""
    return importlib.resources.files("assumable.cli") / "examples"


def _aws_command(parameters: Mapping[str, Any]) -> str:
    """The `aws sts assume-role` command with these parameters."""
    from assumable.formats import dump

    call: Call = dump.call_of(
        f"arn:aws:iam::{CALLER_ACCOUNT}:user/{USER}", {**CALL, **parameters}, region=None,
        now=datetime.now(UTC),
    )  # fmt: skip
    return commands.assume_role(call)
