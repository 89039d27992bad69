# /// script
# requires-python = ">=3.11"
# dependencies = ["moto==5.2.5"]
# ///
"""Write the sts slice of every AWS managed policy, from the copy that moto ships (Apache-2.0).

Only statements that could match an `sts:` action are kept, word for word; a policy without any is
listed by ARN alone. Run it where PyPI can be reached, after raising the version above:

    .venv/bin/uv run --no-project scripts/gen_managed_policies.py
"""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parent.parent / "src/assumable/formats/data/aws_managed_policies.json"
SERVICE = "sts:"


def main() -> None:
    """Write one policy per line, sorted, so that a newer moto gives a readable diff."""
    slices: dict[str, dict[str, Any]] = {}
    without: list[str] = []
    for arn, policy in sorted(read_managed_policies().items()):
        kept = sts_statements(policy["Statement"])
        if kept:
            slices[arn] = {"Version": policy.get("Version", "2008-10-17"), "Statement": kept}
        else:
            without.append(arn)
    source = f"moto {metadata.version('moto')}, moto/iam/aws_managed_policies.py"
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(layout(source, slices, without), encoding="utf-8")
    print(f"{OUTPUT.name}: {len(slices)} policies with sts statements, {len(without)} without")


def read_managed_policies() -> dict[str, dict[str, Any]]:
    """ARN → default version's document."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415 - slow

    policies = json.loads(aws_managed_policies_data)
    return {
        f"arn:aws:iam::aws:policy{policy['Path']}{name}": policy["Document"]
        for name, policy in policies.items()
    }


def sts_statements(statements: Any) -> list[dict[str, Any]]:
    """The statements whose Action could match an sts action; NotAction counts as if it did."""
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if touches_sts(statement)]


def touches_sts(statement: dict[str, Any]) -> bool:
    """True unless no `sts:` action can match.

    >>> touches_sts({"Action": ["s3:Get*", "S*"]}), touches_sts({"Action": "s3:*"})
    (True, False)
    """
    if "NotAction" in statement:
        return True
    actions = statement["Action"]
    listed = actions if isinstance(actions, list) else [actions]
    return any(could_match(pattern.lower(), SERVICE) for pattern in listed)


def could_match(pattern: str, prefix: str) -> bool:
    """Does the wildcard pattern match anything that starts with the prefix and goes on?

    >>> [
    ...     could_match(p, "sts:")
    ...     for p in ("*", "s?s:*", "st*role", "sts:assumerole", "sns:*", "sts:")
    ... ]
    [True, True, True, True, False, False]
    """
    if not prefix:
        return bool(pattern)
    if not pattern:
        return False
    if pattern[0] == "*":
        return could_match(pattern[1:], prefix) or could_match(pattern, prefix[1:])
    return pattern[0] in ("?", prefix[0]) and could_match(pattern[1:], prefix[1:])


def layout(source: str, slices: dict[str, dict[str, Any]], without: list[str]) -> str:
    """Compact JSON, but one policy per line."""
    policies = ",\n".join(f"{compact(arn)}:{compact(slices[arn])}" for arn in slices)
    absent = ",\n".join(compact(arn) for arn in without)
    return (
        f'{{"source":{compact(source)},\n"policies":{{\n{policies}\n}},\n'
        f'"without_sts":[\n{absent}\n]}}\n'
    )


def compact(value: object) -> str:
    """JSON without blanks, keys in the order they came."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    main()
