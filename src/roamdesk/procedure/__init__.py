"""The operating procedure as data, and what follows from it. Facts in, plan out."""

from roamdesk.procedure.errors import Fault, ProcedureError
from roamdesk.procedure.folding import Entry, Facts, advance, fold, known
from roamdesk.procedure.loader import load, shipped
from roamdesk.procedure.model import Channel, Machine, Procedure, Side
from roamdesk.procedure.planning import Duty, Plan, plan

__all__ = [
    "Channel", "Duty", "Entry", "Facts", "Fault", "Machine", "Plan", "Procedure", "ProcedureError", "Side",
    "advance", "fold", "known", "load", "plan", "shipped",
]  # fmt: skip
