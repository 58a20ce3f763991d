"""Where gunicorn enters."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
if settings.SECRET_KEY_IS_RANDOM and not settings.DEBUG:
    # Each web process would sign with a key of its own, and sessions would end at random.
    raise ImproperlyConfigured("Set SECRET_KEY to a long random text that stays the same.")
application = get_wsgi_application()
