"""Addresses of the whole: each edge brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from roamdesk.server import health, home, options, schemas

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("schemas/roamdesk-template-1.json", schemas.mail_template, name="mail_template_schema"),
    path("account/", include("allauth.urls")),
    path("", include("roamdesk.console.urls")),
    *([path("", include("roamdesk.demo.urls"))] if options.DEMO.yes() else []),
]
