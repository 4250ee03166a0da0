from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    name = "roamdesk.correspondence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Carry the mail of the room below, and tell it what came back: it never names us."""
        from roamdesk.correspondence.ports import on_calendar_reply, on_message_changed
        from roamdesk.correspondence.post import queue_for_partner, take_calendar_reply
        from roamdesk.correspondence.trust import note_failed_addresses
        from roamdesk.partners.ports import register_post

        register_post(queue_for_partner)
        on_message_changed(note_failed_addresses)
        on_calendar_reply(take_calendar_reply)
