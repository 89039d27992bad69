"""Decisions per second on one core: a typical call and the worst policies, with traces and without.

Prints the machine, then the median and the spread of several rounds. `--json` prints one object;
`fast_per_s` and `traced_per_s` are the medians of the typical case.
"""

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from assumable.engine.evaluate import Decision, decide
from assumable.engine.layers import Prepared
from assumable.formats.scenario import parse_scenario
from assumable.model.call import Call
from assumable.source import Document

ROUNDS = 9
SECONDS = 0.4
"""How long one round takes at least."""
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CALLERS, ROLES = 40, 25
PEOPLE, TARGETS, ORG = "111111111111", "222222222222", "o-benchmark1"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, **more}


def user(n: int) -> dict[str, Any]:
    """A user with three policies: what they may assume, their daily work, and a guard rail."""
    mine = [f"arn:aws:iam::{TARGETS}:role/app{(n + k) % ROLES}" for k in range(ROLES // 2)]
    work = [allow(f"{service}:*", "*") for service in ("s3", "ec2", "logs", "sqs", "dynamodb")]
    guard = deny(
        ["iam:*", "organizations:*", "sts:*"],
        Resource="*",
        Condition={"Bool": {"aws:ViaAWSService": "true"}},
    )
    return {
        "UserName": f"user{n}",
        "UserPolicyList": [
            {"PolicyName": "assume", "PolicyDocument": policy(allow("sts:AssumeRole", mine))},
            {"PolicyName": "work", "PolicyDocument": policy(*work)},
            {"PolicyName": "guard", "PolicyDocument": policy(guard)},
        ],
    }


def role(n: int) -> dict[str, Any]:
    """A role that trusts the account of the people on an external ID."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PEOPLE}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": f"external-{n}"}},
    }
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"RoleName": f"app{n}", "AssumeRolePolicyDocument": policy(service, trusted)}


def organization() -> dict[str, Any]:
    """Three SCP levels and two RCP levels, of which the lower deny under conditions."""
    regions = deny(
        "*", Resource="*", Condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
    )
    strangers = deny(
        "sts:*",
        Principal="*",
        Resource="*",
        Condition={
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )
    everywhere = ["r-ab12", "ou-ab12-11111111", PEOPLE, TARGETS]
    return {
        "Id": ORG,
        "MasterAccountId": "999999999999",
        "Roots": [{"Id": "r-ab12"}],
        "OrganizationalUnits": [{"Id": "ou-ab12-11111111", "Name": "Work", "ParentId": "r-ab12"}],
        "Accounts": [
            {"Id": PEOPLE, "ParentId": "ou-ab12-11111111"},
            {"Id": TARGETS, "ParentId": "r-ab12"},
        ],
        "Policies": [
            {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": everywhere},
            {
                "Id": "p-regions11",
                "Type": "SERVICE_CONTROL_POLICY",
                "Content": policy(regions),
                "Targets": ["ou-ab12-11111111"],
            },
            {
                "Id": "p-strangers",
                "Type": "RESOURCE_CONTROL_POLICY",
                "Content": policy(strangers),
                "Targets": ["r-ab12", TARGETS],
            },
        ],
    }


def typical() -> tuple[Prepared, Sequence[Call]]:
    """Every user asks for every role; about half of the calls pass."""
    scenario = {
        "scenario": 1,
        "organization": organization(),
        "accounts": {
            PEOPLE: {"UserDetailList": [user(n) for n in range(CALLERS)]},
            TARGETS: {"RoleDetailList": [role(n) for n in range(ROLES)]},
        },
    }
    calls = [
        {
            "api": "AssumeRole",
            "caller": {"arn": f"arn:aws:iam::{PEOPLE}:user/user{n}"},
            "network": {"region": "eu-west-1", "source_ip": "203.0.113.7"},
            "parameters": {
                "RoleArn": f"arn:aws:iam::{TARGETS}:role/app{k}",
                "RoleSessionName": f"session-{n}",
                "ExternalId": f"external-{k}",
            },
        }
        for n in range(CALLERS)
        for k in range(ROLES)
    ]
    return _read(scenario, calls)


def worst() -> tuple[Prepared, Sequence[Call]]:
    """A hundred statements of fifty patterns each for the caller; only the last one matches."""
    hopeless = "*a*a*a*a*a*a*b"
    statements = [
        allow("sts:AssumeRole", [f"arn:aws:iam::*:role/{k}{hopeless}{n}" for k in range(50)])
        for n in range(99)
    ]
    last = allow("sts:AssumeRole", [f"arn:aws:iam::{TARGETS}:role/*{'a' * n}*" for n in range(50)])
    policies = [[*statements, last][n : n + 10] for n in range(0, 100, 10)]
    written = [
        {"PolicyName": f"p{n}", "PolicyDocument": policy(*ten)} for n, ten in enumerate(policies)
    ]
    name = {"UserName": "user0", "UserPolicyList": written}
    longest = "a" * 64
    trusted = {"Effect": "Allow", "Principal": {"AWS": PEOPLE}, "Action": "sts:AssumeRole"}
    roles = [
        {"RoleName": f"{longest[n:]}{n}", "AssumeRolePolicyDocument": policy(trusted)}
        for n in range(10, 20)
    ]
    accounts = {PEOPLE: {"UserDetailList": [name]}, TARGETS: {"RoleDetailList": roles}}
    calls = [
        {
            "api": "AssumeRole",
            "caller": {"arn": f"arn:aws:iam::{PEOPLE}:user/user0"},
            "parameters": {
                "RoleArn": f"arn:aws:iam::{TARGETS}:role/{entry['RoleName']}",
                "RoleSessionName": "session",
            },
        }
        for entry in roles
    ]
    return _read({"scenario": 1, "accounts": accounts}, calls)


def _read(scenario: dict[str, Any], calls: list[dict[str, Any]]) -> tuple[Prepared, Sequence[Call]]:
    """The world once, and every call in it."""
    text = json.dumps({**scenario, "call": calls[0]})
    world, _ = parse_scenario(Document("benchmark.json", text), now=NOW)
    found: list[Call] = []
    for call in calls:
        alone = json.dumps({"scenario": 1, "accounts": {}, "call": call})
        found.append(parse_scenario(Document("call.json", alone), now=NOW).call)
    return Prepared(world), found


def fast(world: Prepared, calls: Sequence[Call]) -> None:
    """Verdicts alone."""
    for call in calls:
        decide(world, call).verdict  # noqa: B018


def traced(world: Prepared, calls: Sequence[Call]) -> None:
    """Every gate with the trace of every statement."""
    for call in calls:
        decision: Decision = decide(world, call)
        for gate in decision.gates:
            gate.traces()


def per_second(work: Callable[[Prepared, Sequence[Call]], None], case: Any) -> dict[str, float]:
    """Decisions per second: median, lowest and highest of the rounds."""
    world, calls = case
    work(world, calls)
    rates: list[float] = []
    for _ in range(ROUNDS):
        done, started = 0, time.process_time()
        while time.process_time() - started < SECONDS:
            work(world, calls)
            done += len(calls)
        rates.append(done / (time.process_time() - started))
    return {
        "median": round(statistics.median(rates)),
        "lowest": round(min(rates)),
        "highest": round(max(rates)),
    }


def main() -> None:
    """Time all four and print them."""
    cases = {"typical": typical(), "worst": worst()}
    figures = {
        f"{name} {how.__name__}": per_second(how, case)
        for name, case in cases.items()
        for how in (fast, traced)
    }
    machine = f"Python {platform.python_version()}, {platform.machine()}, median of {ROUNDS}"
    if "--json" in sys.argv:
        result = {
            "machine": machine,
            "fast_per_s": figures["typical fast"]["median"],
            "traced_per_s": figures["typical traced"]["median"],
            "cases": figures,
        }
        sys.stdout.write(json.dumps(result) + "\n")
        return
    sys.stdout.write(machine + "\n")
    for name, row in figures.items():
        sys.stdout.write(
            f"{name:16} {row['median']:9,.0f} decisions/s  "
            f"({row['lowest']:,.0f} to {row['highest']:,.0f})\n"
        )


if __name__ == "__main__":
    main()
