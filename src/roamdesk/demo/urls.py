"""Pages of the demo; the server takes them in only when the demo is on."""

from __future__ import annotations

from django.urls import path

from roamdesk.demo import views

urlpatterns = [
    path("demo/mail", views.mails, name="demo_mails"),
    path("demo/mail/<str:name>", views.mail, name="demo_mail"),
]
