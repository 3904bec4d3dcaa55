"""Django's settings. Everything that differs between installations comes from `environment.py`."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF

from . import environment

_HERE = Path(__file__).parent
_environment = environment.read()

DEBUG = False
SECRET_KEY = _environment.secret
ALLOWED_HOSTS = list(_environment.hosts)
CSRF_TRUSTED_ORIGINS = [_environment.public_url] if _environment.public_url else []

ROOT_URLCONF = "warmline.web.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "csp",
    "warmline.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "warmline.web.people.PersonMiddleware",  # a user whose person has left is nobody: so it comes before the next line
    "warmline.web.programs.SignedInMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "warmline.web.people.in_templates"],
            "builtins": ["warmline.web.templatetags.words", "warmline.web.templatetags.pictures"],
        },
    }
]

# Django's own tables only: users and sessions. Leads are read and written by store/ through its own pool (database.py).
DATABASES = {"default": environment.for_django(_environment.dsn)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_NAME = f"warmline_session_{_environment.mark}"
CSRF_COOKIE_NAME = f"warmline_csrf_{_environment.mark}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _environment.is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "warmline.web.views.errors.csrf_failed"

# TLS ends at the proxy in front; its header counts only where the public address says there is one.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _environment.is_https else None
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if _environment.is_https else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# What waits in quarantine goes through a form whole: a megabyte as it came, thrice that where it could not be decoded.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

STATIC_URL = "/static/"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # What can't be done for the moment is one line of views/errors.py, and no fault with a traceback.
    "filters": {
        "faults": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", 0) != 503,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING"},
        # A refused form is the person's to see, not the operator's.
        "django.request": {"level": "ERROR", "filters": ["faults"]},
    },
}
