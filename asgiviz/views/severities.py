"""How bad a finding is, at a glance: a sign and a role for each severity. No two signs are alike, in ASCII either."""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.views.spans import Role

SIGNS = {Severity.ERROR: "✖", Severity.WARNING: "⚠", Severity.INFO: "ℹ"}
ROLES = {Severity.ERROR: Role.ERROR, Severity.WARNING: Role.WAITING, Severity.INFO: Role.QUIET}
