from django.apps import AppConfig


class ChargingConfig(AppConfig):
    name = "roamdesk.charging"
    default_auto_field = "django.db.models.BigAutoField"
