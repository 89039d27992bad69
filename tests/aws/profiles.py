"""Profile files on disk, the real `aws` command beside ours, and what each of them answers."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.aws.accounts import READ_IAM, Accounts
from tests.worlds import ROLE, A, B, allow, policy, trust

AWS = str(Path(sys.executable).with_name("aws"))
MAIN = "from assumable.cli.main import main; main()"
READS = ("--role-profile", "auditor", "--assume", "organization=open")
BASE = f"arn:aws:iam::{A}:role/Base"
USER = f"arn:aws:iam::{A}:user/base"
TWO_HOPS = (
    f"[profile mid]\nrole_arn = {BASE}\nsource_profile = base\n"
    f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = mid\n"
)
ONE_HOP = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = base\n"


class Ran(NamedTuple):
    """How a command ended."""

    status: int
    output: str
    errors: str


class Machine:
    """A user of account A with keys under `base`, and whatever its config file says.

    Requests of every client go to MiniStack, those for roles on the way among them.
    """

    def __init__(self, accounts: Accounts, home: Path) -> None:
        self.accounts, self.home = accounts, home
        hidden = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        self.environment = {k: v for k, v in os.environ.items() if k not in hidden}
        self.environment |= {"HOME": str(home), "AWS_ENDPOINT_URL": accounts.url}
        accounts.user("base", A, allow(resource=[BASE, ROLE]), READ_IAM)
        accounts.user("auditor", B, READ_IAM)

    def config(self, text: str) -> Path:
        """The config file."""
        path = self.home / "config"
        path.write_text(text, encoding="utf-8")
        return path

    def role(
        self, name: str, account: str, *trusts: Mapping[str, Any], may: str = "", **more: Any
    ) -> None:
        """A role; `may` is the ARN of a role that its sessions may assume."""
        self.accounts.role(name, account, *trusts, **more)
        if may:
            text = json.dumps(policy(allow(resource=may), READ_IAM))
            self.accounts.iam[account].put_role_policy(
                RoleName=name, PolicyName="Own", PolicyDocument=text
            )

    def chain(self, *trusts: Mapping[str, Any], **more: Any) -> None:
        """base assumes Base, and Base DeployRole, unless its trust policy is another one."""
        self.role("Base", A, trust({"AWS": USER}), may=ROLE)
        self.role("DeployRole", B, *(trusts or (trust({"AWS": BASE}),)), **more)

    def aws(self, *words: str, **environment: str) -> Ran:
        """The real command."""
        return self._run([AWS, *words], environment)

    def assumable(self, *words: str, **environment: str) -> Ran:
        return self._run([sys.executable, "-c", MAIN, *words], environment)

    def why(self, *command: str, **environment: str) -> tuple[Ran, dict[str, Any]]:
        """What `assumable why` says of a command, for people and as JSON."""
        shown = self.assumable("why", *READS, "--", *command, **environment)
        told = self.assumable("why", *READS, "--format", "json", "--", *command, **environment)
        assert shown.status == told.status, told.errors
        return shown, json.loads(told.output)

    def _run(self, words: list[str], environment: Mapping[str, str]) -> Ran:
        result = subprocess.run(
            words, capture_output=True, text=True, check=False,
            env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ran(result.returncode, result.stdout, result.stderr)


def causes(answer: Mapping[str, Any]) -> list[str]:
    """The blocking causes, with their variants."""
    return [f"{f['cause']} {f['variant']}".strip() for f in answer["findings"] if f["blocking"]]


def notes(answer: Mapping[str, Any]) -> set[str]:
    """The variants of what is odd about the client's set-up; stand-ins and caches are apart."""
    return {
        f["variant"]
        for f in answer["findings"]
        if f["cause"] == "client-config" and not f["blocking"]
    } - {"other-endpoint", "kept-session"}
