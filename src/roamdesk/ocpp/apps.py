from django.apps import AppConfig


class OcppConfig(AppConfig):
    name = "roamdesk.ocpp"

    def ready(self) -> None:
        """Register with charging, which names no protocol."""
        from roamdesk.charging.ports import register_backend
        from roamdesk.ocpp.charging_backend import OcppBackend

        register_backend(OcppBackend())
