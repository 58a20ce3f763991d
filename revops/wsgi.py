"""Where gunicorn enters."""

import gc
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
if settings.SECRET_KEY_IS_RANDOM and not settings.DEBUG:
    # Each web process would sign with a key of its own, and sessions would end at random.
    raise ImproperlyConfigured("Set SECRET_KEY to a long random text that stays the same.")
application = get_wsgi_application()
# All addresses now rather than with the first request. What stands then stands for good: a full garbage collection that
# looked at all of it again would stop a request for a quarter of a second.
assert get_resolver().url_patterns
gc.collect()
gc.freeze()
