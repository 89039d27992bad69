"""Writes docs/rules.md: every rule of AWS, its sources, and the tests that hold it."""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from assumable.engine.open_items import OPEN_ITEMS

ROOT = Path(__file__).parent.parent
REGISTER = ROOT / "tests" / "rules" / "rules.yaml"
PAGE = ROOT / "docs" / "rules.md"
SCENARIOS = ROOT / "tests" / "scenarios"
INTRODUCTION = """\
# Rules

<!-- written by scripts/gen_rules.py: edit tests/rules/rules.yaml and the tests instead -->

How AWS decides who may assume a role, rule by rule, as assumable decides it. Answers, pages and
code name the rules by these ids. Each rule has the tests that fail when it is broken, and the
sources that it was read from.

How sure a rule is: *documented* by AWS; *measured* against AWS by somebody who recorded the run;
*reported* in public; *inferred* from those; *uncertain* where AWS is silent or contradicts itself.
What is uncertain is listed under [open items](#open-items) with how it is decided; `--assume`
settles those that are decided both ways. T1 to T34 are whole calls whose outcome is known.
"""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a rule was read."""

    title: str
    url: str


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of the register."""

    says: str
    confidence: tuple[Literal["documented", "measured", "reported", "inferred", "uncertain"], ...]
    sources: tuple[str, ...]
    untested: str = ""
    """Why no test holds it; empty for a rule that must have one."""
    scenarios: tuple[str, ...] = ()
    """Files under tests/scenarios that show it."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules on one subject, by id."""

    title: str
    rules: Mapping[str, Rule]


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file tests/rules/rules.yaml."""

    sources: Mapping[str, Source]
    sections: tuple[Section, ...]

    @property
    def rules(self) -> dict[str, Rule]:
        """Every rule by its id."""
        return {name: rule for section in self.sections for name, rule in section.rules.items()}


class Held(NamedTuple):
    """A test that is marked with a rule."""

    rule: str
    file: str
    """Relative to the repository."""
    test: str
    pending: str
    """Why the test, or a row of it, is expected to fail; empty when it passes."""


def read_register() -> Register:
    """The register; msgspec.ValidationError says where it is malformed."""
    return msgspec.yaml.decode(REGISTER.read_bytes(), type=Register)


def held_rules() -> list[Held]:
    """Every marked test, in the order of files and lines; nothing is run."""
    found: list[Held] = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        for function in functions:
            marks = list(_marks(function))
            reasons = [
                ("" if mark in function.decorator_list else "in part, ") + _reason(mark)
                for name, mark in marks
                if name == "xfail"
            ]
            rules = dict.fromkeys(
                str(ast.literal_eval(argument))
                for name, mark in marks
                if name == "rule"
                for argument in mark.args
            )
            file, pending = path.relative_to(ROOT).as_posix(), "; ".join(reasons)
            found += [Held(rule, file, function.name, pending) for rule in rules]
    return found


def _marks(function: ast.FunctionDef) -> Iterator[tuple[str, ast.Call]]:
    """The calls `pytest.mark.NAME(…)` on a test and on the rows of its tables."""
    for decorator in function.decorator_list:
        for node in ast.walk(decorator):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mark"), attr=name)):
                    yield name, node
                case _:
                    pass


def _reason(mark: ast.Call) -> str:
    values = [keyword.value for keyword in mark.keywords if keyword.arg == "reason"]
    return str(ast.literal_eval(values[0])) if values else "no reason is given"


def complaints(register: Register, held: Sequence[Held]) -> list[str]:
    """What keeps the register and the tests from being in step."""
    rules, tested = register.rules, {test.rule for test in held}
    found = [
        f"{test.file}::{test.test} is marked with {test.rule}, which is no rule"
        for test in held
        if test.rule not in rules
    ]
    for name, rule in rules.items():
        if not rule.untested and name not in tested:
            found.append(f"{name} has no test, and no reason why")
        if rule.untested and name in tested:
            found.append(f"{name} has a test and a reason to have none")
        found += [
            f"{name} has an unknown source {source}"
            for source in rule.sources
            if source not in register.sources
        ]
        found += [
            f"{name} names {file}, which is no scenario"
            for file in rule.scenarios
            if not (SCENARIOS / file).is_file()
        ]
    return found


def page(register: Register, held: Sequence[Held]) -> str:
    """The page as it should be."""
    lines = [INTRODUCTION]
    for section in register.sections:
        lines += [f"## {section.title}", ""]
        lines += ["| rule | what AWS does | how sure | tests | sources |", "|---|---|---|---|---|"]
        for name, rule in section.rules.items():
            tests = [test for test in held if test.rule == name]
            sources = [register.sources[source] for source in rule.sources]
            cells = [
                f'<a id="{name}"></a>{name}',
                rule.says.strip(),
                ", ".join(rule.confidence),
                _tests_cell(rule, tests),
                ", ".join(f"[{source.title}]({source.url})" for source in sources) or "–",
            ]
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        lines.append("")
    return "\n".join([*lines, *_decided_otherwise()])


def _decided_otherwise() -> Iterator[str]:
    """The open items that change verdicts, as the engine's own table has them."""
    yield from ("## Deciding open items with `--assume`", "")
    yield "`assumable why --assume ITEM=VALUE` takes the other reading. An answer names the items"
    yield from ("that mattered for it.", "")
    yield from ("| item | question | values | taken | what it changes |", "|---|---|---|---|---|")
    for item in OPEN_ITEMS.values():
        taken = "both are tried" if item.default is None else f"`{item.values[not item.default]}`"
        values = ", ".join(f"`{value}`" for value in item.values)
        cells = (f"[{item.id}](#{item.id})", item.question, values, taken, item.changes)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _tests_cell(rule: Rule, tests: Sequence[Held]) -> str:
    shown = [
        f"[{Path(test.file).name}::{test.test}](../{test.file})"
        + (f" *expected to fail: {test.pending}*" if test.pending else "")
        for test in tests
    ]
    shown += [f"[{file}](../tests/scenarios/{file})" for file in rule.scenarios]
    return "<br>".join(shown) or rule.untested.strip() or "–"


def main() -> None:
    """Write the page; exit with what is wrong when the register and the tests differ."""
    register, held = read_register(), held_rules()
    wrong = complaints(register, held)
    if wrong:
        sys.exit("\n".join(wrong))
    PAGE.write_text(page(register, held), encoding="utf-8")


if __name__ == "__main__":
    main()
