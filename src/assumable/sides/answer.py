"""The diagnosis that two sides give, without words about what neither of them says."""

import msgspec

from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.checklist import ChecklistRow
from assumable.findings.finding import ROW_NAMES, Finding
from assumable.findings.registry import CAUSES
from assumable.formats.side import CallerSide, RoleSide
from assumable.sides.join import joined
