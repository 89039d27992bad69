"""Real calls against MiniStack: direct ones, and those that the SDK makes for a profile."""

import json
import threading
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError

from assumable import hook
from tests.aws.accounts import Accounts
from tests.hook.test_hook import CAUSE, note, refused
from tests.worlds import DEPLOYER, ROLE, A, B, allow, policy, trust

pytestmark = pytest.mark.demo


def misnamed(accounts: Accounts) -> None:
    """DeployRole trusts a user of another name."""
    accounts.classic()
    document = json.dumps(policy(trust({"AWS": f"arn:aws:iam::{B}:root"})))
    accounts.iam[B].update_assume_role_policy(RoleName="DeployRole", PolicyDocument=document)


def test_a_refused_call_gets_the_diagnosis_of_what_was_read(accounts: Accounts) -> None:
    misnamed(accounts)
    hook.install(budget=60, role_profile="auditor")
    text = note(refused(accounts.sts("deployer")))
    assert text.startswith(f"assumable: DENIED  user/deployer ({A}) → role/DeployRole ({B})")
    assert CAUSE in text
    assert f"fix A (admin of {B}): " in text
    assert text.endswith(f"--role-profile auditor --endpoint-url {accounts.url}")


def test_an_allowed_call_that_works_is_left_alone(accounts: Accounts) -> None:
    accounts.classic()
    hook.install(budget=60, role_profile="auditor")
    answer = accounts.sts("deployer").assume_role(RoleArn=ROLE, RoleSessionName="deploy-session")
    assert answer["AssumedRoleUser"]["Arn"].endswith("DeployRole/deploy-session")


def test_without_a_reader_of_the_role_it_depends_on_what_is_not_known(accounts: Accounts) -> None:
    misnamed(accounts)
    hook.install(budget=60)
    text = note(refused(accounts.sts("deployer")))
    assert text.startswith("assumable: CONDITIONAL  ")
    assert f"iam:GetRole on {ROLE}" in text


def config(accounts: Accounts, **profiles: str) -> None:
    """Profiles that assume a role with the credentials of another one."""
    more = [f"endpoint_url = {accounts.url}", "region = eu-central-1", ""]
    lines: list[str] = []
    for name, role in profiles.items():
        source = "prod" if name == "beyond" else "deployer"
        lines += [f"[profile {name}]", f"role_arn = {role}", f"source_profile = {source}", *more]
    accounts._credentials.with_name("config").write_text("\n".join(lines))


def test_a_profile_that_assumes_a_role_is_diagnosed(accounts: Accounts) -> None:
    """The call that fails is not the one that was written down."""
    misnamed(accounts)
    config(accounts, prod=ROLE)
    hook.install(budget=60, role_profile="auditor")
    with pytest.raises(ClientError) as caught:
        Session(profile_name="prod").client("s3").list_buckets()
    assert CAUSE in note(caught.value)
    assert DEPLOYER in str(caught.value)


def test_of_a_chain_the_refused_hop_is_diagnosed(accounts: Accounts) -> None:
    misnamed(accounts)
    config(accounts, prod=ROLE, beyond=f"arn:aws:iam::{B}:role/Beyond")
    hook.install(budget=60, role_profile="auditor")
    client: Any = Session(profile_name="beyond").client("sts")
    other = f"arn:aws:iam::{B}:role/Other"
    text = note(refused(client, RoleArn=other, RoleSessionName="work"))
    assert "role/DeployRole" in text
    assert "role/Other" not in text


def test_a_session_of_a_role_is_a_caller_too(accounts: Accounts) -> None:
    accounts.classic()
    may = json.dumps(policy(allow(["iam:Get*", "iam:List*"])))
    accounts.iam[B].put_role_policy(RoleName="DeployRole", PolicyName="Read", PolicyDocument=may)
    accounts.role("Beyond", B, trust({"AWS": DEPLOYER}))
    config(accounts, prod=ROLE, beyond=f"arn:aws:iam::{B}:role/Beyond")
    hook.install(budget=60, role_profile="auditor")
    with pytest.raises(ClientError) as caught:
        Session(profile_name="beyond").client("sts").get_caller_identity()
    text = note(caught.value)
    assert text.startswith("assumable: DENIED  assumed-role/DeployRole/")
    assert "the trust policy of Beyond" in text


def test_a_session_that_a_profile_gives_is_asked_about_with_that_profile(
    accounts: Accounts,
) -> None:
    """What the SDK keeps of it is a session of the role, which the error names."""
    accounts.classic()
    guarded = f"arn:aws:iam::{B}:role/Guarded"
    may = json.dumps(policy(allow(["iam:Get*", "iam:List*", "sts:AssumeRole"])))
    accounts.iam[B].put_role_policy(RoleName="DeployRole", PolicyName="Own", PolicyDocument=may)
    where = {"StringEquals": {"sts:ExternalId": "acme-42"}}
    accounts.role("Guarded", B, trust({"AWS": ROLE}, Condition=where))
    config(accounts, other=guarded, prod=ROLE)
    hook.install(budget=60, role_profile="auditor")
    client: Any = Session(profile_name="prod").client("sts")
    text = note(refused(client, RoleArn=guarded, RoleSessionName="work"))
    more = text.split("\n")[-1]
    assert " --profile prod " in more
    assert "external-id" in text


def test_calls_of_many_threads_are_all_diagnosed(accounts: Accounts) -> None:
    misnamed(accounts)
    hook.install(budget=60, role_profile="auditor")
    client, texts = accounts.sts("deployer"), []

    def ask() -> None:
        texts.append(note(refused(client)))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 6
    assert all(CAUSE in text for text in texts)
