"""Parameters at and beyond their limits (section 4 of the rules)."""

from random import Random
from typing import Any


def spoiled(rng: Random, kind: str) -> dict[str, Any]:
    """One parameter that STS is likely to refuse."""
    project = {"Key": "project", "Value": "x"}
    wrong: list[dict[str, Any]] = [
        {"Tags": [project, {"Key": "Project", "Value": "y"}]},
        {"Tags": [project], "TransitiveTagKeys": ["stage"]},
        {"Tags": [{"Key": "bad*key", "Value": "x"}]},
        {"Tags": [{"Key": "k" * rng.choice([128, 129]), "Value": "v" * 256}]},
        {"Tags": [{"Key": f"k{n}", "Value": "x"} for n in range(rng.choice([50, 51]))]},
        {"DurationSeconds": rng.choice([899, 43201])},
    ]
    if kind != "service":
        wrong += [
            {"RoleSessionName": rng.choice(["a", "two words", "x/y", "é" * 3, "n" * 65])},
            {"ExternalId": rng.choice(["a", "with space", "e" * 1225])},
            {"SourceIdentity": rng.choice(["s", "aws:me", "s" * 256, "s" * 257])},
        ]
    if kind == "user":
        wrong.append({"SerialNumber": "GAHT12345678", "TokenCode": "12345"})
    if kind in ("session", "linked"):
        wrong.append({"SerialNumber": "GAHT12345678", "TokenCode": "123456"})
    return rng.choice(wrong)
