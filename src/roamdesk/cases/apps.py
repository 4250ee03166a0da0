from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "roamdesk.cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the rooms below: they never name us."""
        from roamdesk.cases.commands import command_finished
        from roamdesk.cases.incoming import about_reference, mail_came
        from roamdesk.cases.notices import message_changed
        from roamdesk.charging.ports import on_command_finished
        from roamdesk.correspondence.ports import on_mail_read, on_message_changed, on_reference

        on_command_finished(command_finished)
        on_message_changed(message_changed)
        on_mail_read(mail_came)
        on_reference(about_reference)
