"""The addresses of a server that brings the demo along."""

from __future__ import annotations

from django.urls import include, path

from roamdesk.server.urls import urlpatterns as usual

urlpatterns = [*usual, path("", include("roamdesk.demo.urls"))]
