"""Partners, their contact forms and how far these are trusted, the procedure agreed with each, kick-off meetings."""

from roamdesk.partners.models.agreement import Acknowledgement, DeskProcedure, ProcedureVersion, Publication
from roamdesk.partners.models.form import FormChange, FormSubmission, GuestLink
from roamdesk.partners.models.meeting import InvitationReply, KickOff, MeetingAction
from roamdesk.partners.models.partner import ContactLine, Partner
from roamdesk.partners.models.trust import Check, PartnerTask

__all__ = [
    "Acknowledgement",
    "Check",
    "ContactLine",
    "DeskProcedure",
    "FormChange",
    "FormSubmission",
    "GuestLink",
    "InvitationReply",
    "KickOff",
    "MeetingAction",
    "Partner",
    "PartnerTask",
    "ProcedureVersion",
    "Publication",
]
