"""The examples in Python run, and every argument and attribute has its place in docs/api.md."""

import contextlib
import inspect
import io
import re
from pathlib import Path

import pytest

import assumable
from assumable import Diagnosis, hook
from assumable.api import Parameters, Sources

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMES = sorted({
    *Sources.__annotations__, *Parameters.__annotations__, *Diagnosis.__struct_fields__,
    *inspect.signature(hook.install).parameters, *assumable.__all__,
    "scenario", "assume", "expect", "like", "caller", "via", "time",
} - {"__version__", "schema"})  # fmt: skip
EXAMPLES = re.findall(r"```python\n(.*?)```", README + PAGE, re.DOTALL)


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, "example", "exec"), {})
    finally:
        hook.uninstall()
    for said in re.findall(r"print\(.*  # (.*)", code):
        for piece in said.split(" … "):
            assert piece in printed.getvalue()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_described(name: str) -> None:
    assert re.search(rf"`[^`]*\b{name}\b[^`]*`", PAGE)
