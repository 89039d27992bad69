"""Descriptions become the claims that the provider itself would sign."""

from collections.abc import Callable, Sequence

import pytest

from assumable.errors import InputError
from assumable.formats.claims import Described, eks, github, gitlab

IDS = ("owner-id=123456", "repo-id=456789")


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        (["ref=refs/heads/main"], "repo:acme/app:ref:refs/heads/main"),
        (["ref=refs/tags/v1"], "repo:acme/app:ref:refs/tags/v1"),
        (["ref=refs/heads/main", "environment=prod"], "repo:acme/app:environment:prod"),
        (["environment=Production:V1"], "repo:acme/app:environment:Production%3AV1"),
        (["event=pull_request"], "repo:acme/app:pull_request"),
        (["event=pull_request", "environment=prod"], "repo:acme/app:environment:prod"),
        (["event=pull_request", "ref=refs/pull/7/merge"], "repo:acme/app:pull_request"),
        (["event=push", "ref=refs/heads/main"], "repo:acme/app:ref:refs/heads/main"),
        (["sub=repository_owner:acme"], "repository_owner:acme"),
        (["ref=refs/heads/main", *IDS], "repo:acme/app:ref:refs/heads/main"),
        (
            ["ref=refs/heads/main", *IDS, "immutable=yes"],
            "repo:acme@123456/app@456789:ref:refs/heads/main",
        ),
        (
            ["environment=prod", *IDS, "created=2026-07-15"],
            "repo:acme@123456/app@456789:environment:prod",
        ),
        (["event=pull_request", *IDS, "created=2026-07-14"], "repo:acme/app:pull_request"),
        (
            ["ref=refs/heads/main", *IDS, "created=2026-08-01T10:00:00Z", "immutable=no"],
            "repo:acme/app:ref:refs/heads/main",
        ),
    ],
)
def test_the_subject_of_a_github_job(words: list[str], subject: str) -> None:
    found = github(["repo=acme/app", *words])
    assert found.claims["sub"] == subject
    assert len(found.notes) == (0 if words[0].startswith("sub=") else 1)


def test_the_choice_of_the_subject_is_explained() -> None:
    words = ["repo=acme/app", "ref=refs/heads/main", *IDS]
    assert "say created=DATE or immutable=yes if" in github(words).notes[0]
    after, before = github([*words, "created=2026-08-01"]), github([*words, "created=2020-01-01"])
    assert "the repository was created, renamed or transferred since" in after.notes[0]
    assert "the repository was not created, renamed or transferred since" in before.notes[0]


def test_the_other_claims_of_a_github_job() -> None:
    found = github(["repo=acme/app", "ref=refs/heads/main", "actor=alice", "workflow=CI", *IDS])
    assert found.claims == {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sts.amazonaws.com",
        "sub": "repo:acme/app:ref:refs/heads/main",
        "repository": "acme/app",
        "repository_owner": "acme",
        "repository_owner_id": "123456",
        "repository_id": "456789",
        "ref": "refs/heads/main",
        "actor": "alice",
        "workflow": "CI",
    }


def test_what_a_description_leaves_out_is_unknown() -> None:
    found = github(["repo=acme/app", "environment=prod", "actor=alice"])
    assert {claim: unknown.present for claim, unknown in found.unsaid.items()} == {
        "actor_id": True,
        "ref": True,
        "repository_id": True,
        "repository_owner_id": True,
        "workflow": True,
        "enterprise_id": False,
        "job_workflow_ref": False,
    }
    assert found.unsaid["ref"].settle == "ref=… after --github"


def test_an_enterprise_has_an_issuer_of_its_own() -> None:
    found = github(["repo=acme/app", "event=pull_request", "enterprise=octocat", "audience=x"])
    assert found.claims["iss"] == "https://token.actions.githubusercontent.com/octocat"
    assert found.claims["aud"] == "x"
    assert any("issuer" in note for note in found.notes)


@pytest.mark.parametrize(
    "cluster",
    [
        "https://oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF0123456789ABCDEF0123456789",
        "oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF0123456789ABCDEF0123456789/",
        "https://oidc-eks.us-east-1.api.aws/id/ABCDEF0123456789ABCDEF0123456789",
    ],
)
def test_the_token_of_a_service_account(cluster: str) -> None:
    words = [f"cluster={cluster}", "namespace=default", "service-account=app"]
    claims = {
        "iss": f"https://{cluster.removeprefix('https://').rstrip('/')}",
        "aud": "sts.amazonaws.com",
        "sub": "system:serviceaccount:default:app",
    }
    assert eks(words) == Described(claims, {}, ())
    assert eks([*words, "audience=me"]).claims["aud"] == "me"


def test_the_token_of_a_gitlab_job() -> None:
    found = gitlab(["project=group/sub/app", "ref=main", "audience=https://gitlab.com"])
    assert found.claims == {
        "iss": "https://gitlab.com",
        "aud": "https://gitlab.com",
        "sub": "project_path:group/sub/app:ref_type:branch:ref:main",
        "project_path": "group/sub/app",
        "namespace_path": "group/sub",
        "ref": "main",
        "ref_type": "branch",
    }
    assert found.unsaid["user_login"].present
    assert not found.unsaid["user_access_level"].present


def test_a_gitlab_of_ones_own() -> None:
    found = gitlab(
        ["project=a/b", "ref=v1", "ref-type=tag", "url=https://git.example.com/", "audience=x"]
    )
    assert found.claims["iss"] == "https://git.example.com"
    assert found.claims["sub"] == "project_path:a/b:ref_type:tag:ref:v1"
    assert gitlab(["project=a/b", "sub=project_path:a/b", "audience=x"]).claims["sub"]


CLUSTER = "cluster=https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
BAD: list[tuple[Callable[[Sequence[str]], Described], list[str], str]] = [
    (github, [], "`repo` is missing (known: actor, actor-id, audience, created, enterprise,"),
    (github, ["repo=acme"], "`repo` must be OWNER/NAME"),
    (github, ["repo=acme/app"], "the subject is open"),
    (github, ["repo=acme/app", "event=push"], "the subject is open"),
    (github, ["repo=acme/app", "ref=main"], "`ref` must be whole (refs/heads/NAME"),
    (github, ["repo=acme/app", "branch=main"], "`branch` is no key (known: "),
    (github, ["repo=acme/app", "two\nlines=x"], "`two lines` is no key"),
    (github, ["repo=acme/app", "ref"], "`ref` has no value (write ref=VALUE)"),
    (github, ["repo=acme/app", "ref="], "`ref` has no value"),
    (github, ["repo=acme/app", "sub=a\nb"], "`sub` has no value"),
    (github, ["repo=acme/app", "repo=acme/app"], "`repo` stands twice"),
    (
        github,
        ["repo=acme/app", "event=pull_request", "immutable=yes", "repo-id=1"],
        "its subject holds `owner-id` and `repo-id` (gh api repos/acme/app",
    ),
    (github, ["repo=a/b", "event=pull_request", "immutable=1"], "`immutable` must be yes or no"),
    (github, ["repo=a/b", "event=pull_request", "created=now"], "`created` is no date"),
    (eks, ["cluster=x", "namespace=a", "service-account=b"], "`cluster` must be its issuer"),
    (eks, ["namespace=a", "service-account=b"], "`cluster` is missing"),
    (gitlab, ["project=a/b", "ref=main"], "`audience` is missing"),
    (gitlab, ["project=a/b", "audience=x"], "the subject is open"),
    (gitlab, ["project=a/b", "audience=x", "ref=m", "url=http://x"], "`url` must begin with"),
    (
        gitlab,
        ["project=a/b", "audience=x", "ref=refs/heads/main"],
        "`ref` is the short name in a token of GitLab (ref=main ref-type=branch)",
    ),
    (
        gitlab,
        ["project=a/b", "audience=x", "ref=refs/tags/v1"],
        "(ref=v1 ref-type=tag)",
    ),
    (
        eks,
        [CLUSTER, "namespace=a", "service-account=system:serviceaccount:a:b"],
        "`service-account` is the name alone (write service-account=b)",
    ),
    (
        eks,
        [CLUSTER, "namespace=system:serviceaccount:a", "service-account=b"],
        "`namespace` is the name alone (write namespace=a)",
    ),
]


@pytest.mark.parametrize(("describe", "words", "line"), BAD)
def test_a_description_with_a_mistake(
    describe: Callable[[Sequence[str]], Described], words: list[str], line: str
) -> None:
    with pytest.raises(InputError) as raised:
        describe(words)
    assert line in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
