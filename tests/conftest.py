"""Servers first, then Django, then the cast: the order matters, so it is spelled out here."""

import os

import django
import pytest
from django.conf import settings

from tests import services, traceability

if not os.environ.get("PYTEST_XDIST_WORKER"):
    services.start()
services.own_redis()

assert not settings.configured or not os.environ.get("DJANGO_SETTINGS_MODULE"), (
    "Unset DJANGO_SETTINGS_MODULE: the tests name it themselves, after their servers have started."
)
os.environ["DJANGO_SETTINGS_MODULE"] = "revops.settings"
django.setup()

pytest_plugins = ["tests.cast"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(traceability.SpecReport(), "revops-spec")


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits, sessions and idempotency of one test must not meet those of the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _media(settings: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = str(tmp_path_factory.getbasetemp() / "media")
