"""Django settings. Everything that differs between installations comes from the environment (see ``options``)."""

from __future__ import annotations

from pathlib import Path

import django_stubs_ext

from roamdesk.server import options
from roamdesk.server.database import connection_settings

django_stubs_ext.monkeypatch()

BASE = Path(__file__).resolve().parent.parent
VAR = options.VAR.path()

SECRET_KEY = options.SECRET_KEY.text() or options.secret_from(VAR)
DEBUG = False
ALLOWED_HOSTS = options.ALLOWED_HOSTS.words()
CSRF_TRUSTED_ORIGINS = options.TRUSTED_ORIGINS.words()
AUTH_USER_MODEL = "desks.Person"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "procrastinate.contrib.django",
    "roamdesk.desks",
    "roamdesk.partners",
    "roamdesk.charging",
    "roamdesk.correspondence",
    "roamdesk.cases",
    "roamdesk.console",
    "roamdesk.server",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "roamdesk.server.urls"
WSGI_APPLICATION = "roamdesk.server.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": connection_settings()}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ALLOW_REGISTRATION = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

EMAIL_HOST = options.SMTP_HOST.text()
EMAIL_PORT = options.SMTP_PORT.number()

SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
