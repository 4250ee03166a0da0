from django.apps import AppConfig
from django.db.backends.signals import connection_created


class DesksConfig(AppConfig):
    name = "roamdesk.desks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from roamdesk.desks.prepared import plan_once

        connection_created.connect(plan_once, dispatch_uid="plan_once")
