from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    name = "roamdesk.correspondence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Carry the mail of the room below: it never names us."""
        from roamdesk.correspondence.post import queue_for_partner
        from roamdesk.partners.ports import register_post

        register_post(queue_for_partner)
