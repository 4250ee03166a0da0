from django.apps import AppConfig


class OicpConfig(AppConfig):
    name = "roamdesk.oicp"
