"""Which features a scenario contains, for counting what the generators reach."""

from collections.abc import Iterator

from tests.reference.generator.unknowns import conditions, documents


def features(scenario: dict) -> set[str]:
    """Names of everything of interest in this scenario."""
    return {*call_features(scenario), *world_features(scenario), *policy_features(scenario)}


def call_features(scenario: dict) -> Iterator[str]:
    call = scenario["call"]
    caller = call["caller"]
    yield from (f"parameter {name}" for name in call["parameters"])
    yield from (f"session {name}" for name in caller.get("session", {}))
    yield from (f"network {name}" for name in call["network"])
    yield from (
        f"claim {name}" for name in caller.get("claims", {}) if "/" in name or len(name) < 5
    )
    yield from (f"attribute {name.rpartition('/')[2]}" for name in caller.get("assertion", {}))
    yield f"credentials {caller.get('credentials', 'none')}"
    if "service" in caller:
        yield f"service {caller['service']}"
    if "claims" in caller:
        yield f"issuer {caller['claims']['iss']}"
    for hop in call.get("chain", []):
        yield "hop by ARN" if isinstance(hop, str) else "hop"
    yield from (f"unknown {entry.split(':')[0]}" for entry in scenario.get("unknown", []))
    yield from (f"fault {fault}" for fault in title_faults(scenario["title"]))


def title_faults(title: str) -> list[str]:
    return [
        fault for part in title.split(";") for fault in part.partition(": ")[2].split(", ") if fault
    ]


def world_features(scenario: dict) -> Iterator[str]:
    for account in scenario["accounts"].values():
        yield from (f"account {name}" for name in account)
        for user in account.get("UserDetailList", []):
            yield from (f"user {name}" for name in user)
    organizations = scenario.get("organization", [])
    for org in organizations if isinstance(organizations, list) else [organizations]:
        yield from (f"organization policy {policy['Type']}" for policy in org["Policies"])
        yield f"organization of {len(org['Accounts'])}"
        if org["MasterAccountId"] in scenario["accounts"]:
            yield "management account involved"


def policy_features(scenario: dict) -> Iterator[str]:
    for document in documents(scenario):
        yield f"version {document.get('Version')}"
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            yield from (f"element {statement['Effect']} {name}" for name in statement)
        for block in conditions(document):
            for operator, tests in block.items():
                yield f"operator {operator}"
                yield from (f"key {key.lower()}" for key in tests)
                if "${" in str(tests):
                    yield "policy variable"
