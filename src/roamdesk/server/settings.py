"""Django settings. What differs between installations comes from the environment (see ``options``)."""

from __future__ import annotations

from pathlib import Path

import django_stubs_ext

from roamdesk.server import options
from roamdesk.server.database import connection_settings
from roamdesk.server.logs import logging_settings

django_stubs_ext.monkeypatch()

BASE = Path(__file__).resolve().parent.parent
VAR = options.VAR.path()

SECRET_KEY = options.SECRET_KEY.text() or options.secret_from(VAR)
DEBUG = False
ALLOWED_HOSTS = options.ALLOWED_HOSTS.words()
AUTH_USER_MODEL = "desks.Person"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "roamdesk.console",  # before allauth: its templates win
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
    "roamdesk.oicp",
    "roamdesk.demo",
    "roamdesk.server",
]

MIDDLEWARE = [
    "roamdesk.server.logs.request_log",
    "django.middleware.security.SecurityMiddleware",
    "roamdesk.server.security.response_headers",
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
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "server_cache"}}
LOGGING = logging_settings(options.LOG_LEVEL.text().upper())

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "server" / "templates"],
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
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Login
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "roamdesk.server.account.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "roamdesk.server.account.SingleSignOnAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Roamdesk"
ALLAUTH_TRUSTED_PROXY_COUNT = options.PROXIES.number()
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# Single sign-on, when an issuer is named
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "sso",
                "name": "Single sign-on",
                "client_id": options.OIDC_CLIENT.text(),
                "secret": options.OIDC_SECRET.text(),
                "settings": {"server_url": options.OIDC_SERVER.text()},
            }
        ]
        if options.OIDC_SERVER.text()
        else []
    }
}
FORM_TARGETS = [target for target in (options.OIDC_SERVER.text(), options.CONTENT_URL.text()) if target]

# The browser
CSRF_TRUSTED_ORIGINS = options.TRUSTED_ORIGINS.words()
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if options.HTTPS.yes():
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# Links in mails
PUBLIC_URL = (options.PUBLIC_URL.text() or f"http://{options.LISTEN.text()}").rstrip("/")

# Files of mails
CONTENT_URL = options.CONTENT_URL.text().rstrip("/")

# Mail
EMAIL_HOST = options.SMTP_HOST.text()
EMAIL_PORT = options.SMTP_PORT.number()
EMAIL_HOST_USER = options.SMTP_USER.text()
EMAIL_HOST_PASSWORD = options.SMTP_PASSWORD.text()
EMAIL_USE_TLS = options.SMTP_TLS.text().lower() == "starttls"
EMAIL_USE_SSL = options.SMTP_TLS.text().lower() == "tls"
EMAIL_TIMEOUT = 30
MAIL_LISTEN = options.MAIL_LISTEN.text()
LMTP_LISTEN = options.LMTP_LISTEN.text()
MAIL_TAGS = options.MAIL_TAGS.yes()
MAIL_INSIDE = options.MAIL_INSIDE.number()
MAIL_FOLDER = options.MAIL_FOLDER.path() if options.MAIL_FOLDER.text() else VAR / "mail"

# Stations
STATIONS_LISTEN = options.STATIONS_LISTEN.text()
STATIONS_CERTIFICATE = options.STATIONS_CERTIFICATE.text()
STATIONS_KEY = options.STATIONS_KEY.text()
COMMAND_TIMEOUT = options.COMMAND_TIMEOUT.number()

# The roaming hub
OICP_LISTEN = options.OICP_LISTEN.text()
OICP_CERTIFICATE = options.OICP_CERTIFICATE.text()
OICP_KEY = options.OICP_KEY.text()
OICP_ROOTS = options.OICP_ROOTS.text()
OICP_PROXIES = options.OICP_PROXIES.words()
OICP_PROXY_HEADER = options.OICP_PROXY_HEADER.text()
