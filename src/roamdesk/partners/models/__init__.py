"""Partners, their contact forms, and the procedures that are carried out with them."""

from roamdesk.partners.models.agreement import DeskProcedure, ProcedureVersion
from roamdesk.partners.models.form import FormChange, FormSubmission, GuestLink
from roamdesk.partners.models.partner import ContactLine, Partner

__all__ = [
    "ContactLine",
    "DeskProcedure",
    "FormChange",
    "FormSubmission",
    "GuestLink",
    "Partner",
    "ProcedureVersion",
]
