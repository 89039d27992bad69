"""`import assumable.boto3` installs the hook of `assumable.hook` as the environment says.

`ASSUMABLE_SNAPSHOT`, `ASSUMABLE_BUDGET`, `ASSUMABLE_CALLER_PROFILE`, `ASSUMABLE_ROLE_PROFILE` and
`ASSUMABLE_ORG_PROFILE` stand for the arguments of `install`.
"""

import logging
import os
from typing import Any

from assumable.errors import InputError
from assumable.hook import BUDGET, install


def _install() -> None:
    """A budget that is none is left aside: an import breaks no program."""
    names = ("snapshot", "caller_profile", "role_profile", "org_profile")
    given: dict[str, Any] = {
        name: os.environ.get(f"ASSUMABLE_{name.upper()}") or None for name in names
    }
    try:
        install(budget=float(os.environ.get("ASSUMABLE_BUDGET") or BUDGET), **given)
    except (ValueError, InputError):
        said = "ASSUMABLE_BUDGET is no positive number of seconds: %g is taken"
        logging.getLogger("assumable").warning(said, BUDGET)
        install(**given)


_install()
