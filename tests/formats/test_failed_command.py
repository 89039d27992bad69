"""A command that failed, read as `aws` reads its words."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from assumable.errors import InputError
from assumable.formats.command import parameters_from_flags
from assumable.formats.failed_command import FailedCommand, read_command

ARN = "arn:aws:iam::222222222222:role/DeployRole"
ASSUME = f"sts assume-role --role-arn {ARN} --role-session-name ci"
REGIONAL = "https://sts.eu-west-1.amazonaws.com"
VPC_ENDPOINT = "https://vpce-0a1b-c2d3.sts.eu-central-1.vpce.amazonaws.com"


def read(text: str) -> FailedCommand:
    return read_command(shlex.split(text))


@pytest.mark.parametrize(
    "text",
    [
        f"aws {ASSUME} --profile prod --region eu-west-1",
        f"aws --profile prod --region=eu-west-1 {ASSUME}",
        f"aws --prof prod --reg eu-west-1 {ASSUME}",
        f"aws sts --profile prod assume-role --region eu-west-1 --role-arn={ARN} --role-sess ci",
        f"/usr/local/bin/aws --debug --profile prod --no-verify-ssl {ASSUME} --region eu-west-1",
        (
            f"aws2 --output json --query Credentials --profile old --profile prod {ASSUME} "
            "--region eu-west-1 --no-cli-pager --color off --ca-bundle x --cli-read-timeout 3"
        ),
        f"python3.11 -m awscli {ASSUME} --profile prod --region eu-west-1",
        rf"'C:\Program Files\AWS\aws.cmd' {ASSUME} --profile prod --region eu-west-1",
        rf"'C:\Program Files\AWS\aws.exe' {ASSUME} --profile prod --region eu-west-1",
        f"env LANG=C aws {ASSUME} --profile prod --region eu-west-1 --unheard-of value",
    ],
)
def test_global_flags_count_wherever_they_stand(text: str) -> None:
    """As whole words, with `=`, and by their beginnings, as argparse takes them."""
    found = read(text)
    assert found.asks
    assert found.options == {
        "profile": "prod", "region": "eu-west-1", "role_arn": ARN, "role_session_name": "ci",
    }  # fmt: skip


def test_what_stands_before_the_command_is_its_environment() -> None:
    found = read("AWS_PROFILE=prod A= B=c=d terraform plan -var x=y")
    assert found.environment == {"AWS_PROFILE": "prod", "A": "", "B": "c=d"}
    assert found.words == ("terraform", "plan", "-var", "x=y")
    assert not found.asks
    assert found.options == {}


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("/usr/bin/env AWS_PROFILE=z aws s3 ls", {"AWS_PROFILE": "z"}),
        ("AWS_PROFILE=a C=d env AWS_PROFILE=b aws s3 ls", {"AWS_PROFILE": "b", "C": "d"}),
        ("env env A=b /bin/env A=c aws s3 ls", {"A": "c"}),
        ("env aws s3 ls", {}),
    ],
)
def test_env_sets_it_too(text: str, environment: dict[str, str]) -> None:
    """The last of several counts, as for the command itself."""
    found = read(text)
    assert (found.program, found.words) == ("aws", ("aws", "s3", "ls"))
    assert found.environment == environment


@pytest.mark.parametrize(
    "text",
    [
        "env -u AWS_PROFILE aws s3 ls", "A=b /usr/bin/env -i aws s3 ls", "timeout 5 aws s3 ls",
        "nice -n 5 aws s3 ls", "nohup aws s3 ls", "stdbuf -o0 aws s3 ls", "xargs aws s3 ls",
        "time aws s3 ls", "watch aws s3 ls", "sh -c 'aws s3 ls'", "/bin/bash -lc 'aws s3 ls'",
        "zsh -c aws", "bash -o pipefail -ec 'aws s3 ls'", "env A=b timeout 5 aws s3 ls",
    ],
)  # fmt: skip
def test_a_program_around_the_command_is_not_taken_for_it(text: str) -> None:
    with pytest.raises(InputError, match=r"runs another command.*write the command itself"):
        read(text)


def test_a_shell_may_run_a_file() -> None:
    assert read("bash deploy.sh -c prod").program == "bash"


def test_every_flag_of_assume_role_is_taken() -> None:
    text = (
        f"aws {ASSUME} --policy-arns arn=one arn=two --policy '{{}}' --duration-seconds 900 "
        "--tags Key=a,Value=b Key=c,Value=d --transitive-tag-keys a c --external-id x "
        "--serial-number s --token-code 123456 --source-identity me "
        "--provided-contexts ProviderArn=p,ContextAssertion=c"
    )
    assert parameters_from_flags(read(text).options) == {
        "RoleArn": ARN, "RoleSessionName": "ci", "PolicyArns": [{"arn": "one"}, {"arn": "two"}],
        "Policy": "{}", "DurationSeconds": 900, "ExternalId": "x", "SerialNumber": "s",
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
        "TransitiveTagKeys": ["a", "c"], "TokenCode": "123456", "SourceIdentity": "me",
        "ProvidedContexts": [{"ProviderArn": "p", "ContextAssertion": "c"}],
    }  # fmt: skip


@pytest.mark.parametrize("as_file", [False, True])
def test_the_json_of_a_call_is_read_and_flags_win(as_file: bool, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "RoleArn": "another", "RoleSessionName": "json", "DurationSeconds": 1200,
        "Tags": [{"Key": "a", "Value": "b"}], "TransitiveTagKeys": ["a"],
        "PolicyArns": [{"arn": "one"}], "Unheard": 1,
    }  # fmt: skip
    text = json.dumps(given)
    if as_file:
        file = tmp_path / "call.json"
        file.write_text(text)
        text = f"file://{file}"
    words = ["aws", "sts", "assume-role", "--cli-input-json", text, "--role-arn", ARN]
    del given["Unheard"]
    assert parameters_from_flags(read_command(words).options) == {**given, "RoleArn": ARN}


def test_siblings_of_assume_role_are_read() -> None:
    web = read("aws sts assume-role-with-web-identity --role-arn r --web-identity-token file://t")
    assert web.options == {"role_arn": "r", "web_identity_token": "file://t"}
    saml = read(
        "aws sts assume-role-with-saml --role-arn r --principal-arn p --saml-assertion file://a"
    )
    assert (saml.asks, saml.options["principal_arn"]) == (True, "p")
    root = read("aws sts assume-root --target-principal 2 --task-policy-arn arn=t")
    assert root.options == {"target_principal": "2", "task_policy_arn": "arn=t"}


@pytest.mark.parametrize(
    ("arguments", "session", "notes"),
    [
        ("get-token --cluster-name c --role-arn {}", "EKSGetTokenAuth", 0),
        ("update-kubeconfig --name c --role-arn {}", "EKSGetTokenAuth", 1),
        ("update-kubeconfig --assume-role-arn {} --role-arn x", "EKSDescribeClusterSession", 0),
    ],
)
def test_eks_names_its_sessions(arguments: str, session: str, notes: int) -> None:
    found = read(f"aws eks {arguments.format(ARN)}")
    assert found.options == {"role_arn": ARN, "role_session_name": session}
    assert len(found.notes) == notes


@pytest.mark.parametrize(
    "text",
    [
        "aws s3 ls",
        "aws eks get-token --cluster-name c",
        "aws sts get-caller-identity",
        "aws configure list",
        "aws",
        "kubectl get pods",
        f"mytool --role-arn {ARN}",
    ],
)
def test_other_commands_ask_for_nothing_themselves(text: str) -> None:
    assert not read(text).asks
    assert "role_arn" not in read(text).options


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (f"aws {ASSUME} --endpoint-url http://localhost:4566", "http://localhost:4566"),
        (f"aws {ASSUME} --endpoint-url {REGIONAL}", REGIONAL),
        (f"aws --endpoint-url={VPC_ENDPOINT} {ASSUME}", VPC_ENDPOINT),
        (f"aws sts get-caller-identity --endpoint-url {VPC_ENDPOINT}", None),
        ("aws sts get-caller-identity --endpoint-url http://[::1]:9", "http://[::1]:9"),
        ("aws s3 ls --endpoint-url http://localhost:9000", None),
    ],
)
def test_an_endpoint_counts_where_it_is_that_of_the_call(text: str, url: str | None) -> None:
    """AWS's own is that of its call alone, a stand-in all of AWS; S3's is not of STS."""
    assert read(text).options.get("endpoint_url") == url


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no command"),
        ("A=b", "no command"),
        ("env A=b", "no command"),
        ("aws sts assume-role", "--role-arn is missing"),
        ("aws --profile", "--profile: has no value"),
        (f"aws {ASSUME} --pol x", "ambiguous (--policy-arns or --policy)"),
        (f"aws {ASSUME} --cli-input-json nothing", "is no JSON"),
        (f"aws {ASSUME} --cli-input-json []", "is no JSON object"),
        (f"""aws {ASSUME} --cli-input-json '{{"PolicyArns": [1]}}'""", "another shape"),
        (f"aws {ASSUME} --cli-input-yaml x", "YAML"),
        (f"aws {ASSUME} --no-sign-request", "no credentials"),
        ("sudo aws s3 ls", "`sudo`"),
        ("/usr/bin/aws-vault exec prod -- aws s3 ls", "`aws-vault`"),
    ],
)
def test_what_cannot_be_told_is_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        read(text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
