"""Scenarios of the other families in which something is not known."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import unquote

from tests.reference.generator.principals import Principal
from tests.reference.generator.saml import Saml
from tests.reference.generator.services import Service
from tests.reference.generator.web_identity import WebIdentity

MAKERS: dict[type, int] = {Principal: 66, WebIdentity: 14, Saml: 8, Service: 12}
NETWORK = {  # parts of `network` that may be left out, and their keys
    "source_ip": "aws:sourceip",
    "user_agent": "aws:useragent",
    "secure_transport": "aws:securetransport",
}
OF_THE_REQUEST = ("sts:", "aws:requesttag/", "aws:tagkeys")  # known from the call itself


def unknown(rng: Random, seed: int) -> dict:
    """A scenario with one or two facts missing, most often ones that some condition asks for."""
    cls: Any = rng.choices(list(MAKERS), list(MAKERS.values()))[0]
    maker = cls(rng, seed)
    if rng.random() < 0.5:
        maker.faults = set()
    made = maker.scenario()
    asked = sorted({key for key in asked_keys(made) if not key.startswith(OF_THE_REQUEST)})
    entries: list[str] = []
    if rng.random() < 0.65 and asked:
        keys = rng.sample(asked, min(len(asked), rng.choice([1, 1, 1, 2])))
        entries = hidden_keys(rng, keys, made)
    if not entries or rng.random() < 0.15:
        entries += hidden_layers(rng, maker, made)
    made["unknown"] = entries
    made["title"] += f"; unknown {', '.join(entries)}"
    return made


def hidden_keys(rng: Random, keys: list[str], made: dict) -> list[str]:
    """Keys named in `unknown`, or left out of the network; an MFA state that is not known."""
    entries, call = [], made["call"]
    for key in keys:
        part = next((p for p, k in NETWORK.items() if k == key and p in call["network"]), None)
        if part and rng.random() < 0.5:
            del call["network"][part]
        elif key.startswith("aws:multifactorauth"):
            if call["caller"].get("credentials") == "session-token":
                call["caller"]["mfa"] = "unknown"
        else:
            entries.append(f"context:{key}")
    return entries


def hidden_layers(rng: Random, maker: Any, made: dict) -> list[str]:
    choices = ["organization", f"account:{maker.target}"]
    if made["call"]["parameters"]["RoleArn"] == maker.role_arn:  # else its partition may differ
        choices.append(f"trust:{maker.role_arn}")
    choices += ["scp", "rcp"] if "organization" in made else []
    choices += ["endpoint"] * 3 if maker.endpoint else []
    if maker.signs:
        arn = maker.principal_arn
        choices += [f"identity:{arn}", f"identity:{arn}", f"boundary:{arn}"]
        choices += [f"account:{maker.home}"]
    return [rng.choice(choices)]


def asked_keys(made: Any) -> Iterator[str]:
    """The condition keys of every policy in the world, in lower case."""
    for document in documents(made):
        for block in conditions(document):
            for tests in block.values():
                yield from (key.lower() for key in tests)


def conditions(document: dict) -> Iterator[dict]:
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        yield statement.get("Condition", {})


def documents(node: Any) -> Iterator[dict]:
    """Every policy document, in whatever notation."""
    if isinstance(node, dict):
        if isinstance(node.get("Statement"), (dict, list)):
            yield node
        for value in node.values():
            yield from documents(value)
    elif isinstance(node, list):
        for value in node:
            yield from documents(value)
    elif isinstance(node, str) and "Statement" in node and node[:1] in "{%":
        yield from documents(json.loads(unquote(node)))
