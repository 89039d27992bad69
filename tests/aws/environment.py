"""The variables that AWS's clients read."""

import os
from pathlib import Path

import pytest


def isolate(folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """No such variables but these, and profiles only in `config` and `credentials` of a folder."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
