"""Why the client got no credentials, in words, with what would mend its set-up."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assumable import arn
from assumable.findings.client_anywhere import refused
from assumable.findings.client_fix import (
    choose_profile,
    edited,
    make_profile,
    set_in_profile,
    sign_in,
    unset_keys,
)
from assumable.findings.finding import Fix
from assumable.findings.slips import nearest, told
from assumable.formats.ini import OTHERS, SHOWN
from assumable.model.call import Call
from assumable.model.client import Client, Place, Setting
from assumable.model.client_fault import ClientFault
from assumable.model.route import CREDENTIAL_SOURCES, Route, route_of
from assumable.model.routed import certificate_of, misfit

NOT_USED = "keys of the environment are used, and the profile is not"
MAX_SOURCES = 3
"""How many profiles are offered as a source."""


class Told(NamedTuple):
    """What is said of a fault."""

    title: str
    explanation: str
    fixes: tuple[Fix, ...] = ()
    places: tuple[Place, ...] = ()
    """What shows it, beside the settings of the fault."""
    owner: str = ""
    """The account that can mend it; empty where the caller can."""


def told_of(client: Client, fault: ClientFault, call: Call) -> Told:
    """Title, explanation and fixes of a fault."""
    certificate = certificate_of(client, fault.profile)
    if fault.variant.startswith("anywhere-") and certificate is not None:
        title, words, owner = refused(fault, certificate)
        return Told(title, words, owner=owner)
    case = _Case(client, fault, call)
    method = getattr(case, f"_{fault.variant.replace('-', '_')}", None)
    found: Told = _PLAIN[fault.variant](fault) if method is None else method()
    return found


class _Case:
    """One fault, and what the set-up has instead."""

    def __init__(self, client: Client, fault: ClientFault, call: Call) -> None:
        self.client, self.fault, self.call, self.now = client, fault, call, call.time
        self.is_nobody = call.caller.arn == arn.NOBODY
        self.caller = arn.display_name(call.caller.arn)

    def _environment_wins(self) -> Told:
        route = route_of(self.client, self.now)
        fix = unset_keys(self.client, "client/unset", "take the keys out of the environment")
        return Told(NOT_USED, why_not_used(self.client, route), (fix,))

    def _profile_missing(self) -> Told:
        client, name = self.client, self.fault.named
        by = f", which {client.chosen_by} names," if client.chosen_by else ""
        title = f"there is no profile `{name}`"
        if name in client.other_sections:
            words = (
                f"the profile `{name}`{by} is written as [{name}] in {client.config_file}, where "
                f"SDKs look for [profile {name}]: the word is left out in the credentials file only"
            )
            title = f"[{name}] in the config file is no profile"
            fix = make_profile(client, name, "client/heading", f"write [profile {name}]")
            return Told(title, words, (fix,), (client.other_sections[name].heading,))
        worded = client.profiles.get(f"profile {name}")
        if worded is not None and worded.config is None:
            words = (
                f"the profile `{name}`{by} is written as [profile {name}] in "
                f"{client.credentials_file}, where SDKs look for [{name}]: the word belongs into "
                "the config file only"
            )
            title = f"[profile {name}] in the credentials file is no profile"
            return Told(title, words, places=(worded.heading,))
        words = f"the profile `{name}`{by} is in neither {_files(client)}"
        meant = _nearest(sorted(client.profiles), name)
        if meant is None:
            return Told(title, words)
        fix = choose_profile(client, meant, "client/choose", f"choose the profile {meant}")
        return Told(f"{title}; did you mean `{meant}`?", f"{words}; {_slip(name, meant)}", (fix,))

    def _source_profile_missing(self) -> Told:
        name, profile = self.fault.named, self.fault.profile
        words = f"the source_profile of `{profile}` is `{name}`, which is in neither "
        words += _files(self.client)
        meant = _nearest(sorted(self.client.profiles), name)
        if meant is not None:
            words += f"; {_slip(name, meant)}"
        title = f"the source profile `{name}` does not exist"
        return Told(title, words, tuple(self._sources([meant] if meant else None)))

    def _no_source(self) -> Told:
        words = (
            f"the profile `{self.fault.profile}` has a role_arn but neither source_profile nor "
            "credential_source, so nobody's credentials can ask for the role"
        )
        typed = _misspelt(self.client, self.fault.profile, ("source_profile", "credential_source"))
        if typed is not None:
            setting, meant = typed
            words += f"; no SDK knows the setting `{setting.name}`, {meant} is meant"
            if setting.value is not None:
                values = {setting.name: None, meant: setting.value}
                title = f"write {meant} instead of {setting.name}"
                fix = set_in_profile(
                    self.client, self.fault.profile, values, "client/spelling", title
                )
                return Told(f"`{self.fault.profile}` names no source", words, (fix,))
        return Told(f"`{self.fault.profile}` names no source", words, tuple(self._sources()))

    def _loop(self) -> Told:
        itself = self.fault.named == self.fault.profile
        words = (
            f"the profile `{self.fault.profile}` is its own source_profile, which works only where "
            "it holds access keys as well"
            if itself
            else f"the source_profile of `{self.fault.profile}` is `{self.fault.named}`, from "
            "which the way came: the profiles lead in a circle, and nobody's credentials are in it"
        )
        return Told("the profiles lead in a circle", words, tuple(self._sources()))

    def _two_sources(self) -> Told:
        name = self.fault.profile
        meant = "that is meant" if self.is_nobody else f"whose credentials are {self.caller}'s"
        words = f"the profile `{name}` has both source_profile and credential_source; keep the one "
        words += meant
        fixes = [
            set_in_profile(
                self.client,
                name,
                {setting: None},
                f"client/without-{setting.replace('_', '-')}",
                f"take {setting} out of the profile {name}",
                safety="review",
            )
            for setting in ("credential_source", "source_profile")
        ]
        return Told(f"`{name}` names two sources", words, tuple(self._working(fixes)))

    def _credential_source(self) -> Told:
        named, name = self.fault.named, self.fault.profile
        valid = ", ".join(CREDENTIAL_SOURCES)
        words = f"the credential_source of `{name}` is `{named}`, and what SDKs know is {valid}"
        meant = _nearest(CREDENTIAL_SOURCES, named)
        if meant is None:
            return Told(f"`{named}` is no credential source", words)
        if meant.lower() == named.lower():
            words += ", in exactly these letters"
        values = {"credential_source": meant}
        title = f"write credential_source = {meant}"
        fix = set_in_profile(self.client, name, values, "client/credential-source", title)
        return Told(f"`{named}` is no credential source", words, tuple(self._working([fix])))

    def _sso_session_missing(self) -> Told:
        named, name = self.fault.named, self.fault.profile
        words = f"the profile `{name}` refers to the sso-session `{named}`, which is not in "
        words += self.client.config_file
        meant = _nearest(sorted(self.client.sso_sessions), named)
        fixes: list[Fix] = []
        if meant is not None:
            words += f"; {_slip(named, meant)}"
            values = {"sso_session": meant}
            title = f"write sso_session = {meant}"
            fixes = [set_in_profile(self.client, name, values, "client/sso-session", title)]
        return Told(f"there is no sso-session `{named}`", words, tuple(fixes))

    def _sso_inconsistent(self) -> Told:
        name, setting = self.fault.profile, self.fault.named
        mine, theirs = self.fault.settings
        words = (
            f"{setting} is `{mine.value}` in the profile `{name}` and `{theirs.value}` in its "
            "sso-session; leave it to the session"
        )
        title = f"take {setting} out of the profile {name}"
        fix = set_in_profile(self.client, name, {setting: None}, "client/sso-setting", title)
        return Told(f"the profile and its sso-session disagree about {setting}", words, (fix,))

    def _sso_signed_out(self) -> Told:
        return self._sign_in("nobody is signed in to", "there is no cached token for it")

    def _sso_expired(self) -> Told:
        words = "its cached token has expired, and cannot be renewed"
        return self._sign_in("the sign-in has expired for", words)

    def _sign_in(self, what: str, why: str) -> Told:
        name = self.fault.named
        words = f"{what} `{name}`, where the profile `{self.fault.profile}` gets its credentials: "
        fix = sign_in(self.fault.profile, name, self.now, "client/sign-in", "sign in again")
        return Told(f"{what} `{name}`", words + why, (fix,))

    def _sources(self, names: Sequence[str] | None = None) -> Iterator[Fix]:
        """Other profiles as the source, where the client then gets credentials."""
        if names is None:
            names = [name for name in self.client.profiles if name != self.fault.profile]
        theirs = "" if self.is_nobody else f", if they are those of {self.caller}"
        fixes = [
            set_in_profile(
                self.client,
                self.fault.profile,
                {"source_profile": name},
                f"client/source-{name}",
                f"take the credentials of the profile {name}{theirs}",
            )
            for name in names
        ]
        working = list(self._working(fixes))
        if len(working) <= MAX_SOURCES:
            yield from working

    def _working(self, fixes: Sequence[Fix]) -> Iterator[Fix]:
        """Those with which the client gets to its credentials."""
        for fix in fixes:
            route = route_of(edited(self.client, fix.edit), self.now)
            if route.fault is None and not misfit(route, self.call.caller):
                yield fix


def why_not_used(client: Client, route: Route) -> str:
    """Whose credentials the client takes instead of the profile's, and what that leaves out."""
    chosen = f"{client.chosen_by}={client.profile_name}" if client.chosen_by else "the profile"
    theirs = f" ({client.keys_are})" if client.keys_are else ""
    role = route.passed_over[-1].parameters.get("RoleArn") if route.passed_over else ""
    instead = f"never asks for {role}" if role else "not with the profile's"
    denied = ", to whom the call is denied," if client.as_meant and not client.keys_fail else ""
    return (
        f"AWS_ACCESS_KEY_ID is set, and comes before {chosen}: the client signs with those keys"
        f"{theirs}{denied} and {instead}; unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        f"AWS_SESSION_TOKEN, or say --profile {client.profile_name}, which comes before them"
    )


def _source_without_credentials(fault: ClientFault) -> Told:
    return Told(
        f"the source profile `{fault.named}` has no credentials",
        f"`{fault.named}` is a source_profile, but it holds no access keys, asks for no role, and "
        "names no sign-in and no process that gets credentials; variables of the environment do "
        "not count for a source profile",
    )


def _empty_source(fault: ClientFault) -> Told:
    missing = {
        "Environment": "AWS_ACCESS_KEY_ID is not set",
        "EcsContainer": "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not set: this "
        "is no container of ECS or EKS, or it has no role",
        "Ec2InstanceMetadata": "AWS_EC2_METADATA_DISABLED switches it off",
    }
    return Told(
        f"credential_source {fault.named} has no credentials",
        f"the profile `{fault.profile}` takes its credentials from {fault.named}, and "
        f"{missing[fault.named]}",
    )


def _partial_keys(fault: ClientFault) -> Told:
    where = f"the profile `{fault.profile}`" if fault.settings else "the environment"
    return Told(
        f"{where} holds half a pair of keys",
        f"{where} has an access key ID without {fault.named}; a pair has to stand in one place, "
        "two files do not make one",
    )


def _no_credentials(fault: ClientFault) -> Told:
    return Told(
        "there are no credentials at all",
        f"neither the environment nor the profile `{fault.profile}` has credentials, there is no "
        "container to ask, and AWS_EC2_METADATA_DISABLED forbids to ask the instance",
    )


def _web_identity_without_role(fault: ClientFault) -> Told:
    return Told(
        "a token without a role to use it for",
        "a web identity token file is named, in the environment or in the profile "
        f"`{fault.profile}`, but neither AWS_ROLE_ARN nor role_arn beside it; in Kubernetes the "
        "service account lacks its annotation, or the pod was started before it",
    )


def _token_missing(fault: ClientFault) -> Told:
    where = f"the profile `{fault.profile}`" if fault.settings else "AWS_WEB_IDENTITY_TOKEN_FILE"
    return Told(
        "the web identity token is not there",
        f"{where} names the file {fault.named}, which does not exist: whatever writes the token "
        "has not done so, or elsewhere; in Kubernetes the token's volume is not mounted",
    )


def _sso_incomplete(fault: ClientFault) -> Told:
    return Told(
        f"`{fault.profile}` signs in, but lacks {fault.named}",
        f"the profile `{fault.profile}` gets its credentials from IAM Identity Center, and "
        f"{fault.named} is missing in it or in its sso-session",
    )


def _process_failed(fault: ClientFault) -> Told:
    return Told(
        f"the process of `{fault.profile}` gives no credentials",
        f"the credential_process of the profile `{fault.profile}` was run, as for any command with "
        f"it, and failed: {fault.message}",
    )


_PLAIN = {
    "process-failed": _process_failed,
    "source-without-credentials": _source_without_credentials,
    "empty-source": _empty_source,
    "partial-keys": _partial_keys,
    "no-credentials": _no_credentials,
    "web-identity-without-role": _web_identity_without_role,
    "sso-incomplete": _sso_incomplete,
    "token-missing": _token_missing,
}


def _files(client: Client) -> str:
    return f"{client.config_file} nor {client.credentials_file}"


def _nearest(names: Sequence[str], wanted: str) -> str | None:
    """The name that was meant, whatever its case; None when none is like it."""
    place = nearest([name.lower() for name in names], wanted.lower())
    return None if place is None else names[place]


def _slip(written: str, meant: str) -> str:
    """The closest name, with the difference."""
    difference = told(written, meant)
    return f"the closest is `{meant}`" + (f": {difference}" if difference else "")


def _misspelt(client: Client, profile: str, wanted: Sequence[str]) -> tuple[Setting, str] | None:
    """A setting that no SDK knows and that is nearly one of these, with the one meant."""
    known = client.profiles.get(profile)
    for setting in known.settings.values() if known is not None else ():
        meant = misspelling(setting.name)
        if meant in wanted:
            return setting, meant
    return None


def misspelling(name: str) -> str:
    """The setting that is meant by a name which is none; empty for one that is, or means none."""
    if name in SHOWN or name in OTHERS:
        return ""
    return _nearest(sorted(SHOWN), name.replace("-", "_")) or ""
