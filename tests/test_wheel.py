"""The wheel: built from the tree, installed into an empty environment, used from the outside."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.worlds import classic

ROOT = Path(__file__).parents[1]


def test_a_wheel_installs_into_an_empty_environment_and_answers(tmp_path: Path) -> None:
    """`pip install` of the wheel gives a command that diagnoses a scenario and explains a cause."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--no-build-isolation", "-o", tmp_path, ROOT],
        check=True,
        env={**os.environ, "UV_PYTHON": sys.executable},
    )
    wheel = next(tmp_path.glob("assumable-*.whl"))
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-qq", wheel], check=True)
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps(classic(identity=[])), encoding="utf-8")
    command = tmp_path / "empty" / "bin" / "assumable"
    why = subprocess.run(
        [command, "why", "--scenario", scenario], capture_output=True, text=True, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert why.returncode == 1, why.stderr
    assert "identity-permission" in why.stdout
    page = subprocess.run(
        [command, "explain", "AS301"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "external" in page.stdout.lower()
