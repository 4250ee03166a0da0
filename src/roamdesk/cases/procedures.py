"""Which procedure a case runs on. It stays on the version that it was opened with."""

from __future__ import annotations

from roamdesk.cases.models import Case
from roamdesk.partners.procedures import procedure_at
from roamdesk.procedure import Procedure


def procedure_of(case: Case) -> Procedure:
    return procedure_at(case.procedure_id)
