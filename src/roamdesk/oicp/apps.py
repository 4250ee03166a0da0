from django.apps import AppConfig


class OicpConfig(AppConfig):
    name = "roamdesk.oicp"

    def ready(self) -> None:
        """Register with charging, which names no protocol."""
        from roamdesk.charging.roaming.ports import register_backend
        from roamdesk.oicp.hub_backend import HubBackend

        register_backend(HubBackend())
