"""Addresses of the console. Every one but the person's own lies under a desk."""

from __future__ import annotations

from django.urls import path

from roamdesk.console.views import (
    account,
    board,
    call,
    case,
    contact_forms,
    contact_lines,
    form_files,
    guest,
    meetings,
    partner_form,
    partner_tasks,
    partners,
    procedures,
    queue,
    reference,
    search,
    stations,
    steps,
    team,
    unreachable,
)

app_name = "console"

_DESK = "d/<slug:desk>/"
_PARTNER = _DESK + "partners/<int:partner>"
_CASE = _DESK + "cases/<str:reference>"

urlpatterns = [
    path("p/<str:token>", guest.guest, name="guest"),
    path("me", account.account, name="account"),
    path(_DESK, queue.to_queue, name="desk"),
    path(_DESK + "queue", queue.queue, name="queue"),
    path(_DESK + "new", call.new, name="new"),
    path(_DESK + "new/heard", call.heard, name="heard"),
    path(_DESK + "search", search.search, name="search"),
    path(_DESK + "partners", partners.partners, name="partners"),
    path(_DESK + "partners/new", partner_form.new, name="new_partner"),
    path(_DESK + "partners/unreachable", unreachable.unreachable, name="unreachable"),
    path(_DESK + "partners/tasks", partner_tasks.tasks, name="partner_tasks"),
    path(_DESK + "partners/forms.<str:suffix>", form_files.download, name="download_forms"),
    path(_DESK + "partners/files", form_files.upload, name="upload_forms"),
    path(_DESK + "partners/files/<int:file>", form_files.look, name="form_file"),
    path(_DESK + "partners/procedures", procedures.procedures, name="procedures"),
    path(_DESK + "partners/procedures/<int:version>", procedures.version, name="procedure"),
    path(_PARTNER, partners.partner, name="partner"),
    path(_PARTNER + "/edit", partner_form.edit, name="edit_partner"),
    path(_PARTNER + "/lines/new", contact_lines.new, name="new_line"),
    path(_PARTNER + "/lines/<int:line>", contact_lines.line, name="line"),
    path(_PARTNER + "/meetings", meetings.demand, name="demand_meeting"),
    path(_PARTNER + "/meetings/<int:meeting>", meetings.meeting, name="meeting"),
    path(_PARTNER + "/acknowledgements/<int:acknowledgement>", procedures.acknowledgement, name="acknowledgement"),
    path(_PARTNER + "/ask", contact_forms.ask, name="ask_for_form"),
    path(_PARTNER + "/links/<int:link>/revoke", contact_forms.revoke, name="revoke_link"),
    path(_PARTNER + "/changes/<int:change>/back", contact_forms.take_back, name="take_back"),
    path(_PARTNER + "/forms/<int:submission>", contact_forms.submission, name="form_in"),
    path(_DESK + "board", board.board, name="board"),
    path(_DESK + "stations", stations.stations, name="stations"),
    path(_DESK + "help", reference.reference, name="help"),
    path(_CASE, case.case, name="case"),
    path(_CASE + "/answer", steps.answer, name="answer"),
    path(_CASE + "/tell", steps.tell, name="tell"),
    path(_CASE + "/edit", steps.edit, name="edit"),
    path(_CASE + "/back", steps.back, name="back"),
    path(_CASE + "/unlock", steps.unlock, name="unlock"),
    path(_CASE + "/notice/<slug:rule>", steps.notice, name="notice"),
    path(_CASE + "/reveal", steps.reveal, name="reveal"),
    path(_CASE + "/take", team.take, name="take"),
    path(_CASE + "/handover", team.hand_over, name="handover"),
    path(_CASE + "/depart", steps.depart, name="depart"),
    path(_CASE + "/attend", team.attend, name="attend"),
    path(_CASE + "/note", team.note, name="note"),
    path(_CASE + "/call", steps.call, name="call"),
    path(_CASE + "/reference", team.their_reference, name="reference"),
    path(_CASE + "/close", steps.close, name="close"),
    path(_CASE + "/reopen", steps.reopen, name="reopen"),
    path(_CASE + "/link", team.link, name="link"),
    path(_CASE + "/merge", team.merge, name="merge"),
    path(_CASE + "/decline", steps.decline, name="decline"),
    path(_CASE + "/stop", steps.stop, name="stop"),
    path(_CASE + "/danger", steps.danger, name="danger"),
]
