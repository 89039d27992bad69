"""Writes what is generated: the JSON Schemas, what the README shows, and the page of rules."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from assumable.formats import side
from assumable.render.json import audit_schema, schema

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "docs" / "schema" / "diagnosis-1.json"
SIDE = SCHEMA.with_name("side-1.json")
AUDIT = SCHEMA.with_name("audit-1.json")
README = ROOT / "README.md"
RULES = ROOT / "scripts" / "gen_rules.py"
EXAMPLE = re.compile(r"```console\n\$ assumable (?P<arguments>.*)\n(?P<shown>(?:.*\n)*?)```")
HEAD = 14
"""How many lines stand before the `…` of an example that is cut."""


def example(found: re.Match[str]) -> str:
    """The block with what the command prints now; a closing `…` stands for alternatives."""
    command = [str(Path(sys.executable).with_name("assumable")), *found["arguments"].split()]
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "TERM")}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    first, more, _ = run.stdout.partition("\n\nor ")
    lines = first.rstrip("\n").split("\n")
    if "…\nproof" in found["shown"]:
        proof = next(n for n, line in enumerate(lines) if line.startswith("proof"))
        lines = [*lines[:HEAD], "…", *lines[proof:]]
    shown = "\n".join([*lines, "…"] if more else lines)
    return f"```console\n$ assumable {found['arguments']}\n{shown}\n```"


def main() -> None:
    """Write all of them."""
    SCHEMA.parent.mkdir(parents=True, exist_ok=True)
    for path, found in ((SCHEMA, schema()), (SIDE, side.schema()), (AUDIT, audit_schema())):
        text = json.dumps(found, indent=2, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(EXAMPLE.sub(example, readme), encoding="utf-8")
    subprocess.run([sys.executable, str(RULES)], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
