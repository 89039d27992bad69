"""Chains: one call after another, each with the session that the one before it issued."""

import json
from collections.abc import Iterator
from typing import Any

from tests.reference.tokens import asserted


def single_calls(scenario: dict) -> Iterator[dict]:
    """The scenario of every hop in turn, without `call.chain`; a call without one is one hop."""
    call = scenario["call"]
    before = [dict(hop) if isinstance(hop, dict) else {"RoleArn": hop} for hop in call["chain"]]
    caller = call["caller"]
    chosen = "service" in caller or "assertion" in caller  # by others: not known if not said
    for hop in before[1:] if chosen else before:
        hop.setdefault("RoleSessionName", "assumable")
    for params in [*before, call["parameters"]]:
        single = {name: value for name, value in call.items() if name != "chain"}
        single |= {"caller": caller, "parameters": params}
        yield scenario | {"call": single}
        caller = issued(single, scenario["time"])


def issued(call: dict, time: str) -> dict[str, Any]:
    """The session that a passed call gives: what it hands on (R9.1, R9.4) and what limits it."""
    params = call["parameters"] | asserted(call)
    before = call["caller"].get("session", {})
    passing = {key.lower() for key in before.get("transitive_tag_keys", [])}
    tags = {k: v for k, v in before.get("tags", {}).items() if k.lower() in passing}  # R9.5
    tags |= {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    session: dict[str, Any] = {"issued_at": time, "tags": tags}
    session["transitive_tag_keys"] = [
        *before.get("transitive_tag_keys", []),
        *params.get("TransitiveTagKeys", []),
    ]
    source = params.get("SourceIdentity") or before.get("source_identity")
    if source:
        session["source_identity"] = source
    if "Policy" in params:
        session["policy"] = json.loads(params["Policy"])
    session["policy_arns"] = [entry["arn"] for entry in params.get("PolicyArns", [])]
    head, _, path = params["RoleArn"].partition(":role/")
    name = f"{path.rpartition('/')[2]}/{params.get('RoleSessionName', 'unsaid')}"
    return {"arn": f"{head.replace(':iam:', ':sts:')}:assumed-role/{name}", "session": session}
