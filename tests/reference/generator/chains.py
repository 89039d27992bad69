"""Chains: a call by a role session whose session another call has to make first."""

import json
from random import Random
from typing import Any
from urllib.parse import unquote

from tests.reference.generator.draft import Goal
from tests.reference.generator.principals import Principal
from tests.reference.generator.saml import Saml
from tests.reference.generator.services import Service
from tests.reference.generator.web_identity import WebIdentity

FIRST_CALLERS: dict[type, int] = {Principal: 60, WebIdentity: 20, Saml: 12, Service: 8}
DEFAULT_NAME = "assumable"  # of a hop without RoleSessionName


class Link(Principal):
    """A hop after the first one."""

    chained = True

    def choose_kind(self) -> None:
        self.kind, self.is_session = "session", True

    def fault_pool(self) -> list[str]:
        return [f for f in super().fault_pool() if f not in ("expired", "caller-missing")]

    def pick_faults(self) -> set[str]:
        return set() if self.chance(0.35) else super().pick_faults()

    def can_assume_itself(self) -> bool:
        return False  # one record cannot have the trust policies of two hops

    def make_caller(self) -> None:
        super().make_caller()
        if self.chance(0.15):
            self.session_name = DEFAULT_NAME
            head = self.arn.rpartition("/")[0]
            self.arn = f"{head}/{DEFAULT_NAME}"

    def endpoint_exemptions(self) -> list[dict]:
        return []  # what NotPrincipal means for the unsigned call of another hop is not said

    def make_session(self) -> None:
        self.issued = self.time
        if self.goal:
            self.session |= self.goal.inherited
            return
        if self.chance(0.5) or "inherited-tag" in self.faults:
            self.session["tags"] = {"Team": self.team, "squad": "red"}
            if self.chance(0.6) or "inherited-tag" in self.faults:
                self.session["transitive_tag_keys"] = ["squad"]
        if self.chance(0.3) or "inherited-source" in self.faults:
            self.session["source_identity"] = "alice"


def chain(rng: Random, seed: int) -> dict:
    """A scenario of two or three hops."""
    length = rng.choice([2, 2, 2, 3])
    maker: Any = Link(rng, seed)
    made = maker.scenario()
    network, hops, api = made["call"]["network"], [made["call"]["parameters"]], maker.api
    codes: dict[str, str] = {}
    for depth in range(1, length):
        cls: Any = Link
        if depth == length - 1:
            cls = rng.choices(list(FIRST_CALLERS), list(FIRST_CALLERS.values()))[0]
        goal = goal_of(maker, made, depth, issubclass(cls, Principal))
        maker = cls(rng, seed, goal)
        part = maker.scenario()
        merge(made["accounts"], part["accounts"])
        hops.insert(0, part["call"]["parameters"])
        codes |= {k: v for k, v in part["call"].items() if k == "mfa_code"}
        api = rng.choice([maker.api, "AssumeRole"])
        made["call"]["caller"] = part["call"]["caller"]
        made["title"] += f"; {part['title']}"
    before = [brief(rng, hop) for hop in hops[:-1]]
    call = {"api": api, "caller": made["call"]["caller"], "chain": before, **codes}
    return made | {"call": call | {"parameters": hops[-1], "network": network}}


def goal_of(maker: Link, made: dict, depth: int, by_principal: bool) -> Goal:
    """What the hop before has to do; the role's record is taken out of the world for it."""
    account = made["accounts"][maker.home]
    record = next(r for r in account["RoleDetailList"] if r["RoleName"] == maker.caller_name)
    account["RoleDetailList"].remove(record)
    parameters, inherited = as_parameters(maker), {}
    if by_principal and maker.chance(0.5):
        inherited = take_over(parameters)
    return Goal(
        record={k: v for k, v in record.items() if k != "AssumeRolePolicyDocument"},
        account=maker.home,
        partition=maker.partition,
        time=maker.time,
        network=made["call"]["network"],
        organizations=listed(made.get("organization")),
        parameters=parameters,
        inherited=inherited,
        depth=depth,
    )


def listed(organization: Any) -> list[dict]:
    if organization is None:
        return []
    return organization if isinstance(organization, list) else [organization]


def as_parameters(maker: Link) -> dict[str, Any]:
    """The parameters under which a session like this one is issued."""
    session = maker.session
    found: dict[str, Any] = {"RoleSessionName": maker.session_name}
    if session.get("tags"):
        found["Tags"] = [{"Key": key, "Value": value} for key, value in session["tags"].items()]
    if session.get("transitive_tag_keys"):
        found["TransitiveTagKeys"] = list(session["transitive_tag_keys"])
    if "source_identity" in session:
        found["SourceIdentity"] = session["source_identity"]
    if "policy" in session:
        policy = session["policy"]
        policy = json.loads(unquote(policy)) if isinstance(policy, str) else policy
        found["Policy"] = json.dumps(policy)
    if session.get("policy_arns"):
        found["PolicyArns"] = [{"arn": arn} for arn in session["policy_arns"]]
    if maker.chance(0.2):
        found["DurationSeconds"] = maker.rng.choice([900, 3600])
    return found


def take_over(parameters: dict[str, Any]) -> dict[str, Any]:
    """Move transitive tags and the source identity from a hop to the session that makes it."""
    inherited: dict[str, Any] = {}
    transitive = parameters.pop("TransitiveTagKeys", [])
    if transitive:
        tags = {tag["Key"]: tag["Value"] for tag in parameters.pop("Tags")}
        inherited["tags"] = {key: tags.pop(key) for key in transitive}
        inherited["transitive_tag_keys"] = transitive
        parameters["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if "SourceIdentity" in parameters:
        inherited["source_identity"] = parameters.pop("SourceIdentity")
    return inherited


def merge(accounts: dict[str, dict], more: dict[str, dict]) -> None:
    """Add the entities of one part of the world to the other."""
    for account, lists in more.items():
        known = accounts.setdefault(account, {})
        for name, entries in lists.items():
            known[name] = [*known.get(name, []), *entries]


def brief(rng: Random, hop: dict) -> Any:
    """A hop as it may be written: a default name left out, a role ARN alone."""
    if hop.get("RoleSessionName") == DEFAULT_NAME:
        hop = {name: value for name, value in hop.items() if name != "RoleSessionName"}
    return hop["RoleArn"] if set(hop) == {"RoleArn"} and rng.random() < 0.8 else hop
