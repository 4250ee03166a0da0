"""Addresses of the whole: each edge brings its own."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from roamdesk.server import health, home, options


def _edge(module: str) -> list[URLResolver]:
    """The edge's addresses, none while the edge has none."""
    return [path("", include(module))] if find_spec(module) else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("account/", include("allauth.urls")),
    *_edge("roamdesk.console.urls"),
    *_edge("roamdesk.api.urls"),
    *(_edge("roamdesk.demo.urls") if options.DEMO.yes() else []),
]
