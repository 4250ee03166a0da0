from django.apps import AppConfig


class ChargingConfig(AppConfig):
    name = "roamdesk.charging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from roamdesk.charging.ports import on_command_finished
        from roamdesk.charging.roaming.reserving import give_up_late_reservation

        on_command_finished(give_up_late_reservation)
