"""Why can't this caller assume that AWS role, and what exactly would fix it?

`assumable.why(...)` answers from Python; `import assumable.boto3` adds the answer to the errors of
the SDK. Both are described in docs/api.md.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assumable.api import why
    from assumable.diagnose import Diagnosis
    from assumable.engine.evaluate import Verdict
    from assumable.errors import AssumableError, InputError, UnreadableError

__version__ = "0.1.0"
__all__ = [
    "AssumableError",
    "Diagnosis",
    "InputError",
    "UnreadableError",
    "Verdict",
    "__version__",
    "why",
]
_HOMES = {
    "why": "assumable.api",
    "Diagnosis": "assumable.diagnose",
    "Verdict": "assumable.engine.evaluate",
    "AssumableError": "assumable.errors",
    "InputError": "assumable.errors",
    "UnreadableError": "assumable.errors",
}
"""Where each name comes from: `import assumable` alone loads none of it (PEP 562)."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
