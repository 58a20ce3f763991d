"""Settings. Everything that differs between machines comes from the environment (README, configuration)."""

import os
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.management.utils import get_random_secret_key
from kombu import Exchange, Queue
from redis.backoff import NoBackoff
from redis.retry import Retry

from revops.core import logs
from revops.openid import openid_providers

# Lets classes that are generic only to the type checker be subscripted (ModelAdmin[Account]).
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

VAR_DIR = Path(env.str("REVOPS_VAR", default=str(BASE_DIR / "var")))
# Set by revops.embedded when it started the servers; they are for trying, developing and testing only.
EMBEDDED_SERVICES: list[str] = env.list("REVOPS_EMBEDDED", default=[])
TESTING = "PYTEST_VERSION" in os.environ or env.bool("REVOPS_TESTING", default=False)

DEBUG = env.bool("DEBUG", default=False)
# Without a key of its own a process signs with a random one: sessions end with it, and check --deploy objects.
SECRET_KEY = env.str("SECRET_KEY", default="") or get_random_secret_key()
SECRET_KEY_IS_RANDOM = not env.str("SECRET_KEY", default="")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
BEHIND_TLS = env.bool("BEHIND_TLS", default=False)

INSTALLED_APPS = [
    # The rooms, highest first, so that a higher app's templates and static files win.
    "forecasting",
    "postsales",
    "orders",
    "opportunities",
    "leads",
    "accounts",
    "revops.catalog",
    "revops.integrations",
    "revops.users",
    "revops.core",
    "revops.apps.FrameConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "revops.apps.CollectedFilesConfig",
    "django.contrib.postgres",
    "django.contrib.humanize",
    # The plain configurations: each of the default ones rewrites TEMPLATES and undoes the other.
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "csp",
]

MIDDLEWARE = [
    "revops.core.middleware.RequestIdMiddleware",
    "revops.core.middleware.WatchMiddleware",
    "revops.core.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "revops.users.middleware.PreferencesMiddleware",
    "revops.users.middleware.PortalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "revops.core.middleware.DomainErrorMiddleware",
    "revops.core.custom.middleware.CustomFieldsMiddleware",
]

ROOT_URLCONF = "revops.urls"
WSGI_APPLICATION = "revops.wsgi.application"

_template_loaders = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # Partials around the cache around cotton: each needs what the inner one yields.
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _template_loaders if DEBUG else [("django.template.loaders.cached.Loader", _template_loaders)],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
            ],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "revops.core.context.frame",
            ],
        },
    },
]

FORM_RENDERER = "revops.core.controls.Controls"

# Data ---------------------------------------------------------------------------------------------------------
# The fallback names no real server: commands that need one get its address from manage.py or the environment.
_database = env.db_url("DATABASE_URL", default="postgres://revops@localhost:5432/revops")
DATABASES = {
    "default": {
        **_database,
        # A server that vanished is noticed in seconds. Joins are written outwards: trying all orders took 23 ms a page.
        "OPTIONS": {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3}
        | {"options": "-c join_collapse_limit=4 -c jit=off"}
        | _database.get("OPTIONS", {}),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "revops.core.cache.ForgivingCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "revops",
        # A page does not wait for a cache: one fresh connection, one second, and on without it.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 1)},
    }
}
# In the database alone: a copy in a cache would outlive a sign-out that the cache did not hear of.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# People and login ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["revops.users.backends.SignInBackend"]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.MD5PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS.reverse()
else:
    PASSWORD_HASHERS.pop()

ACCOUNT_ADAPTER = env.str("ACCOUNT_ADAPTER", default="revops.users.adapter.AccountAdapter")
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
# OpenID Connect: without a server there is no button. Who comes in is decided in revops.users.social.
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_CREATE_USERS = env.bool("OIDC_CREATE_USERS", default=False)
OIDC_ROLES: list[str] = env.list("OIDC_ROLES", default=[])
SOCIALACCOUNT_ADAPTER = "revops.users.social.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_LOGIN_ON_GET = True  # its address takes POST only
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = openid_providers(OIDC_SERVER_URL)
# How many proxies stand in front, so that the address behind the rate limit is the visitor's.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "revops"
MFA_RECOVERY_CODE_COUNT = 10

# Pages --------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# Business days, months and quarters are the company's, whatever the server's clock says.
COMPANY_TIME_ZONE = env.str("COMPANY_TIME_ZONE", default="UTC")
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
NODE_MODULES = Path(env.str("NODE_MODULES", default=str(BASE_DIR / "node_modules")))
VENDOR_FOLDERS = {
    "vendor/tabler": NODE_MODULES / "@tabler/core/dist",
    "vendor/icons": NODE_MODULES / "@tabler/icons-webfont/dist",
    "vendor/inter": NODE_MODULES / "@fontsource-variable/inter",
    "vendor/echarts": NODE_MODULES / "echarts/dist",
    "vendor/sortable": NODE_MODULES / "sortablejs/modular",
    "vendor/tom-select": NODE_MODULES / "tom-select/dist",
}
# A missing folder is reported by the check revops.W001, not by a crash of every command.
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    *((prefix, folder) for prefix, folder in VENDOR_FOLDERS.items() if folder.is_dir()),
]
# Development serves straight from the source folders; production collects, hashes and compresses.
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", default=DEBUG or TESTING or bool(EMBEDDED_SERVICES))
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "revops.core.storage.WholeFileStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if WHITENOISE_USE_FINDERS
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_MANIFEST_STRICT = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # ECharts draws its tooltips with style attributes.
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_BYTES", default=25 * 1024 * 1024)
DOCUMENT_TYPES = env.list(
    "DOCUMENT_TYPES",
    default=[
        "pdf", "png", "jpg", "jpeg", "gif", "webp", "docx", "xlsx", "pptx", "odt", "ods", "odp", "doc", "xls",
        "ppt", "txt", "md", "csv", "ics", "eml",
    ],
)  # fmt: skip

# API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "revops.users.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["revops.core.api.throttling.TokenBucketThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["revops.core.api.parsing.TextJSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "revops.core.api.schema.ResourceSchema",
    "EXCEPTION_HANDLER": "revops.core.api.problems.exception_handler",
    "NON_FIELD_ERRORS_KEY": "non_field_errors",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", default=600)
SPECTACULAR_SETTINGS = {
    "POSTPROCESSING_HOOKS": ["revops.core.api.describe.complete"],
    "TITLE": "revops API",
    "DESCRIPTION": "Lead to cash: leads, opportunities, quotes, orders, invoices, service, forecast and compensation.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Choices stand beside their field: named by the machine they would be called Status528Enum.
}

# Webhooks -----------------------------------------------------------------------------------------------------
# One try ends after so many seconds; a sender that was killed loses its claim after so many.
WEBHOOK_TIMEOUT_SECONDS = env.int("WEBHOOK_TIMEOUT_SECONDS", default=10)
WEBHOOK_CLAIM_SECONDS = env.int("WEBHOOK_CLAIM_SECONDS", default=90)
# Hosts that webhooks may reach though they are private, by the name in the address; http:// is for trying only.
WEBHOOK_PRIVATE_HOSTS: list[str] = [host.lower() for host in env.list("WEBHOOK_PRIVATE_HOSTS", default=[])]
WEBHOOK_ALLOW_HTTP = env.bool("WEBHOOK_ALLOW_HTTP", default=False)

# Work in the background ---------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
# Each with an exchange of its own: queues that share one would each get every message.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("default", "leads", "money", "reports", "webhooks")
]
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_TASK_TIME_LIMIT = 15 * 60
CELERY_TASK_SOFT_TIME_LIMIT = 14 * 60
# A task of a killed worker comes back after this; tasks may run twice, so it may be shorter than the time limit.
JOB_LOST_SECONDS = env.int("TASK_REDELIVERY_SECONDS", default=60)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": JOB_LOST_SECONDS,
    "socket_connect_timeout": 2,
    "socket_timeout": 15,
    # A page that hands work to a queue which is away does not wait for it: the work stands in the database and is sent
    # later. Workers and clocks have a patience of their own, below.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "global_keyprefix": env.str("CELERY_KEY_PREFIX", default=""),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: the broker comes back, and nobody need restart a worker
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULER = "revops.core.beat:SharedClock"
CELERY_BEAT_ENABLE_REMOTE_CONTROL = True

# Mail, history, logs ------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="revops@localhost")
INBOUND_DOMAIN = env.str("INBOUND_DOMAIN", default=SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0])
INBOUND_TOKEN = env.str("INBOUND_TOKEN", default="")  # what a mail server shows at /intake/mail; empty: closed
MAIL_CLAIM_SECONDS = env.int("MAIL_CLAIM_SECONDS", default=120)
PGHISTORY_APPEND_ONLY = True
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
PGTRIGGER_MIGRATE = True

# Lines for machines, except where a person reads along.
LOG_JSON = env.str("LOG_FORMAT", default="text" if DEBUG or TESTING or EMBEDDED_SERVICES else "json") == "json"
LOGGING = logs.logging_of(json_lines=LOG_JSON, level=env.str("LOG_LEVEL", default="INFO"))
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

if DEBUG or TESTING:
    # Raises (tests) or warns (development) when a request asks row by row what one query could bring.
    INSTALLED_APPS.append("zeal")
    MIDDLEWARE.append("zeal.middleware.zeal_middleware")
    ZEAL_RAISE = TESTING
    # A write may read its row again (scope, lock, answer); a list of rows repeats far more often.
    ZEAL_NPLUSONE_THRESHOLD = 5
    # Services lock row by row and read again by key on purpose; what it looks for is relations asked row by row.
    ZEAL_ALLOWLIST = [{"model": "*", "field": "get()"}]
