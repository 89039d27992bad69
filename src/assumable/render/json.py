"""The JSON contract of DESIGN section 7, and that of an audit."""

from typing import Any

import msgspec

from assumable.audit.finding import Audit
from assumable.diagnose import Diagnosis
from assumable.formats.writing import indented


def render(diagnosis: Diagnosis) -> str:
    """The diagnosis as one JSON object."""
    return indented(diagnosis)


def schema() -> dict[str, Any]:
    """The JSON Schema of that object."""
    return msgspec.json.schema(Diagnosis)


def audit_schema() -> dict[str, Any]:
    """The JSON Schema of an audit."""
    return msgspec.json.schema(Audit)
