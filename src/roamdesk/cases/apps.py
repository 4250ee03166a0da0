from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "roamdesk.cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the rooms below: they never name us."""
        from roamdesk.cases.belonging import by_their_reference
        from roamdesk.cases.commands import command_finished
        from roamdesk.cases.incoming import about_reference, mail_came
        from roamdesk.cases.notices import message_changed
        from roamdesk.cases.placing import open_case_for
        from roamdesk.cases.understanding import keep_reading
        from roamdesk.charging.ports import on_command_finished
        from roamdesk.correspondence import ports

        on_command_finished(command_finished)
        ports.on_message_changed(message_changed)
        ports.on_mail_read(mail_came)
        ports.on_mail_parsed(keep_reading)
        ports.on_reference(about_reference)
        ports.on_their_reference(by_their_reference)
        ports.on_new_matter(open_case_for)
