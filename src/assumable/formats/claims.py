"""Tokens described in words: the claims that GitHub, EKS or GitLab would put into one.

What a description leaves out and such a token carries all the same is unknown, never absent.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from assumable.errors import InputError
from assumable.model.world import Unknown

GITHUB = "https://token.actions.githubusercontent.com"
AWS_AUDIENCE = "sts.amazonaws.com"
"""What `configure-aws-credentials` and EKS ask for unless they are told otherwise."""
IMMUTABLE_SINCE = date(2026, 7, 15)
"""GitHub puts numeric ids into the subject of repositories made or renamed since (R5.15)."""

_GITHUB_CLAIMS = {
    "actor": "actor", "actor-id": "actor_id", "environment": "environment", "event": "event_name",
    "job-workflow-ref": "job_workflow_ref", "owner-id": "repository_owner_id", "ref": "ref",
    "repo": "repository", "repo-id": "repository_id", "workflow": "workflow",
    "enterprise-id": "enterprise_id",
}  # fmt: skip
_GITHUB_ALWAYS = ("actor", "actor-id", "owner-id", "ref", "repo-id", "workflow")
_GITHUB_PERHAPS = ("enterprise-id", "job-workflow-ref")
_GITHUB_KEYS = (*_GITHUB_CLAIMS, "audience", "created", "enterprise", "immutable", "sub")
_GITLAB_CLAIMS = {
    "namespace-id": "namespace_id", "pipeline-source": "pipeline_source", "project": "project_path",
    "project-id": "project_id", "ref": "ref", "ref-protected": "ref_protected",
    "ref-type": "ref_type", "runner-environment": "runner_environment",
    "user-access-level": "user_access_level", "user-email": "user_email", "user-id": "user_id",
    "user-login": "user_login",
}  # fmt: skip
_GITLAB_ALWAYS = (
    "namespace-id", "pipeline-source", "project-id", "ref-protected", "user-email", "user-id",
    "user-login",
)  # fmt: skip
_GITLAB_PERHAPS = ("runner-environment", "user-access-level")
_GITLAB_KEYS = (*_GITLAB_CLAIMS, "audience", "sub", "url")
_EKS_KEYS = ("audience", "cluster", "namespace", "service-account")
_REPOSITORY = re.compile(r"[^/@:\s]+/[^/@:\s]+")
_CLUSTER = re.compile(r"(?:https://)?(oidc[.-]eks\.[^\s/]+/id/[^\s/]+)/?")


class Described(NamedTuple):
    """The claims of a token that nobody has at hand."""

    claims: dict[str, str]
    unsaid: dict[str, Unknown]
    """By claim: what the token carries, or may carry, though the description is silent on it."""
    notes: tuple[str, ...]


def github(words: Sequence[str]) -> Described:
    """The token of a GitHub Actions job; InputError when the words leave its subject open.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    said = _said("--github", words, _GITHUB_KEYS, ("repo",))
    if not _REPOSITORY.fullmatch(said["repo"]):
        raise InputError("`repo` must be OWNER/NAME", "--github")
    if "ref" in said and not said["ref"].startswith("refs/"):
        raise InputError("`ref` must be whole", "--github", "refs/heads/NAME or refs/tags/NAME")
    subject, notes = _github_subject(said)
    issuer = GITHUB
    if "enterprise" in said:
        issuer = f"{GITHUB}/{said['enterprise']}"
        notes += (f"the issuer is {issuer}, as for an enterprise that has switched its own on",)
    return Described(
        claims={
            "iss": issuer,
            "aud": said.get("audience", AWS_AUDIENCE),
            "sub": subject,
            "repository_owner": said["repo"].partition("/")[0],
            **_renamed(said, _GITHUB_CLAIMS),
        },
        unsaid=_unsaid("--github", said, _GITHUB_CLAIMS, _GITHUB_ALWAYS, _GITHUB_PERHAPS),
        notes=notes,
    )


def _github_subject(said: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The default subject and why it is this one (R5.14, R5.15)."""
    if "sub" in said:
        return said["sub"], ()
    if "environment" in said:
        rest = f"environment:{_without_colons(said['environment'])}"
    elif said.get("event") == "pull_request":
        rest = "pull_request"
    elif "ref" in said:
        rest = f"ref:{_without_colons(said['ref'])}"
    else:
        what = "the subject is open: say ref, environment, event=pull_request, or sub"
        raise InputError(what, "--github")
    immutable, why = _is_immutable(said)
    if not immutable:
        subject = f"repo:{said['repo']}:{rest}"
    elif "owner-id" in said and "repo-id" in said:
        owner, name = said["repo"].split("/")
        subject = f"repo:{owner}@{said['owner-id']}/{name}@{said['repo-id']}:{rest}"
    else:
        help_text = f"gh api repos/{said['repo']} --jq '.owner.id, .id'"
        raise InputError("its subject holds `owner-id` and `repo-id`", "--github", help_text)
    return subject, (f"the subject is taken to be {subject}: {why}",)


def _is_immutable(said: Mapping[str, str]) -> tuple[bool, str]:
    """Whether the subject holds the numeric ids, and the reason for that."""
    changed = f"created, renamed or transferred since {IMMUTABLE_SINCE}"
    if "immutable" in said:
        if said["immutable"] not in ("yes", "no"):
            raise InputError("`immutable` must be yes or no", "--github")
        return said["immutable"] == "yes", f"immutable={said['immutable']}"
    if "created" in said:
        try:
            created = date.fromisoformat(said["created"][:10])
        except ValueError:
            help_text = "when it was created, renamed or transferred last, such as 2026-08-01"
            raise InputError("`created` is no date", "--github", help_text) from None
        later = created >= IMMUTABLE_SINCE
        return later, f"the repository was {'' if later else 'not '}{changed}"
    return False, f"say created=DATE or immutable=yes if the repository was {changed}"


def _without_colons(value: str) -> str:
    return value.replace(":", "%3A")


def eks(words: Sequence[str]) -> Described:
    """The token of a Kubernetes service account in EKS (IRSA).

    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    said = _said("--eks", words, _EKS_KEYS, ("cluster", "namespace", "service-account"))
    cluster = _CLUSTER.fullmatch(said["cluster"])
    if cluster is None:
        help_text = (
            "https://oidc.eks.REGION.amazonaws.com/id/ID, as "
            "`aws eks describe-cluster --query cluster.identity.oidc.issuer` prints it"
        )
        raise InputError("`cluster` must be its issuer", "--eks", help_text)
    for key in ("namespace", "service-account"):
        if ":" in said[key]:
            help_text = f"write {key}={said[key].rpartition(':')[2]}"
            raise InputError(f"`{key}` is the name alone", "--eks", help_text)
    claims = {
        "iss": f"https://{cluster[1]}",
        "aud": said.get("audience", AWS_AUDIENCE),
        "sub": f"system:serviceaccount:{said['namespace']}:{said['service-account']}",
    }
    return Described(claims, {}, ())


def gitlab(words: Sequence[str]) -> Described:
    """The ID token of a GitLab CI job; there is no default audience, the job asks for one.

    https://docs.gitlab.com/ci/secrets/id_token_authentication/
    """
    said = _said("--gitlab", words, _GITLAB_KEYS, ("project", "audience"))
    said.setdefault("ref-type", "branch")
    url = said.get("url", "https://gitlab.com").rstrip("/")
    if not url.startswith("https://"):
        raise InputError("`url` must begin with https://", "--gitlab")
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag")):
        if said.get("ref", "").startswith(prefix):  # as GitHub's tokens have it
            help_text = f"ref={said['ref'].removeprefix(prefix)} ref-type={kind}"
            raise InputError("`ref` is the short name in a token of GitLab", "--gitlab", help_text)
    if "ref" not in said and "sub" not in said:
        raise InputError("the subject is open: say ref or sub", "--gitlab")
    subject = f"project_path:{said['project']}:ref_type:{said['ref-type']}:ref:{said.get('ref')}"
    return Described(
        claims={
            "iss": url,
            "aud": said["audience"],
            "sub": said.get("sub", subject),
            "namespace_path": said["project"].rpartition("/")[0],
            **_renamed(said, _GITLAB_CLAIMS),
        },
        unsaid=_unsaid("--gitlab", said, _GITLAB_CLAIMS, _GITLAB_ALWAYS, _GITLAB_PERHAPS),
        notes=(),
    )


def _said(
    flag: str, words: Sequence[str], keys: Sequence[str], required: Sequence[str]
) -> dict[str, str]:
    """The `key=value` words of a flag; InputError that lists the keys."""
    known = f"known: {', '.join(sorted(keys))}"
    said: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        shown = " ".join(key.split())
        if key not in keys:
            raise InputError(f"`{shown}` is no key", flag, known)
        if not equals or not value or not value.isprintable():
            raise InputError(f"`{shown}` has no value", flag, f"write {shown}=VALUE")
        if key in said:
            raise InputError(f"`{shown}` stands twice", flag)
        said[key] = value
    missing = [key for key in required if key not in said]
    if missing:
        raise InputError(f"`{missing[0]}` is missing", flag, known)
    return said


def _renamed(said: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {claim: said[key] for key, claim in names.items() if key in said}


def _unsaid(
    flag: str,
    said: Mapping[str, str],
    names: Mapping[str, str],
    always: Sequence[str],
    perhaps: Sequence[str],
) -> dict[str, Unknown]:
    return {
        names[key]: Unknown(
            f"the claim {names[key]} of the token", f"{key}=… after {flag}", present=key in always
        )
        for key in (*always, *perhaps)
        if key not in said
    }
