"""Small worlds for tests: scenarios built in Python, decided without touching the disk."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jsonpatch

from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Decision, Verdict, decide
from assumable.formats.scenario import Scenario, parse_scenario
from assumable.source import Document

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A, B = "111111111111", "222222222222"
DEPLOYER = f"arn:aws:iam::{A}:user/deployer"
ROLE = f"arn:aws:iam::{B}:role/DeployRole"


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "sts:AssumeRole", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement of an identity policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """An Allow statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def classic(
    *,
    trust_statements: list[Any] | None = None,
    identity: list[Any] | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """The user deployer of one account and the role DeployRole of another; it passes by default."""
    own = [allow(resource=ROLE)] if identity is None else identity
    named = [trust({"AWS": DEPLOYER})] if trust_statements is None else trust_statements
    return {
        "scenario": 1,
        "accounts": {
            A: {
                "UserDetailList": [
                    {
                        "UserName": "deployer",
                        "UserPolicyList": [
                            {"PolicyName": "AssumeRolePolicy", "PolicyDocument": policy(*own)}
                        ],
                    }
                ]
            },
            B: {
                "RoleDetailList": [
                    {"RoleName": "DeployRole", "AssumeRolePolicyDocument": policy(*named)}
                ]
            },
        },
        "call": {
            "api": "AssumeRole",
            "caller": {"arn": DEPLOYER},
            "parameters": {
                "RoleArn": ROLE,
                "RoleSessionName": "deploy-session",
                **parameters,
            },
        },
    }


def parsed(scenario: Mapping[str, Any]) -> Scenario:
    """World and call of a scenario."""
    return parse_scenario(Document("scenario.json", json.dumps(scenario)), now=NOW)


def decided(scenario: Mapping[str, Any]) -> Decision:
    """The decision of a scenario."""
    return decide(*parsed(scenario))


def verdict_of(scenario: Mapping[str, Any]) -> Verdict:
    """The verdict of a scenario, that of all hops where it has a chain."""
    return decide_chain(*parsed(scenario)).verdict


def diagnosed(scenario: Mapping[str, Any]) -> Diagnosis:
    """The diagnosis of a scenario."""
    return diagnose(*parsed(scenario))


def blocking(diagnosis: Diagnosis) -> list[str]:
    """The blocking causes, sorted."""
    return sorted(finding.cause for finding in diagnosis.findings if finding.blocking)


def after_first_plan(scenario: Mapping[str, Any], diagnosis: Diagnosis) -> str:
    """The verdict once the first plan's `scenario_patch` is applied to the scenario itself."""
    patched = jsonpatch.apply_patch(
        copy.deepcopy(dict(scenario)), list(diagnosis.plans[0].scenario_patch)
    )
    return diagnosed(patched).verdict
