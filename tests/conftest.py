"""The environment of all tests, and Hypothesis: short by default, long and random at night.

`HYPOTHESIS_PROFILE=nightly pytest tests/fuzz` looks for new examples; what it finds becomes an
`@example` of the test, so that the short profile keeps it.
"""

import os

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "short",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    print_blob=True,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "nightly", settings.get_profile("short"), derandomize=False, max_examples=20_000
)
for _name in ("COLUMNS", "TERM"):  # what shapes the output; a test that wants it sets it
    os.environ.pop(_name, None)
    os.unsetenv(_name)  # readline, which pytest imports, sets COLUMNS past Python
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
