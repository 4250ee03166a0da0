"""Partners, their contact forms, and the procedures that are carried out with them."""

from roamdesk.partners.models.agreement import Acknowledgement, DeskProcedure, ProcedureVersion, Publication
from roamdesk.partners.models.form import FormChange, FormFile, FormSubmission, GuestLink
from roamdesk.partners.models.meeting import InvitationReply, KickOff, MeetingAction
from roamdesk.partners.models.partner import ContactLine, Partner
from roamdesk.partners.models.trust import Check

__all__ = [
    "Acknowledgement",
    "Check",
    "ContactLine",
    "DeskProcedure",
    "FormChange",
    "FormFile",
    "FormSubmission",
    "GuestLink",
    "InvitationReply",
    "KickOff",
    "MeetingAction",
    "Partner",
    "ProcedureVersion",
    "Publication",
]
