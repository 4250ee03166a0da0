"""The addresses of an installation whose demo is on."""

from django.urls import include, path

from roamdesk.server.urls import urlpatterns as without_demo

urlpatterns = [*without_demo, path("", include("roamdesk.demo.urls"))]
