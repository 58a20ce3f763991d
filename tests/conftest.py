"""Servers first, then Django, then the cast: the order matters, so it is spelled out here."""

import os

import django
import pytest
from django.conf import settings

from tests import services, traceability

if not os.environ.get("PYTEST_XDIST_WORKER"):
    services.start()
services.own_redis()

assert not settings.configured, "Unset DJANGO_SETTINGS_MODULE: the tests name it after their servers have started."
os.environ["DJANGO_SETTINGS_MODULE"] = "revops.settings"
django.setup()
# Workers inherit the environment and must not read the settings before they have their own Redis.
del os.environ["DJANGO_SETTINGS_MODULE"]

pytest_plugins = ["tests.cast"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(traceability.SpecReport(), "revops-spec")


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits, sessions and idempotency of one test must not meet those of the next."""
    from django.core.cache import cache

    cache.clear()
