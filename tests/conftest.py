"""Servers first, then Django, then the cast: the order matters, so it is spelled out here."""

import os
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings

from revops import embedded
from revops.core import wording
from tests import schema, services, traceability

if not os.environ.get("PYTEST_XDIST_WORKER"):
    services.start()
services.apart()

assert not settings.configured, "Unset DJANGO_SETTINGS_MODULE: the tests name it after their servers have started."
os.environ["DJANGO_SETTINGS_MODULE"] = "revops.settings"
django.setup()
wording.compile_stale()
# Workers inherit the environment and must not read the settings before they have their own Redis.
del os.environ["DJANGO_SETTINGS_MODULE"]

pytest_plugins = ["tests.cast", "tests.order"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(traceability.SpecReport(), "revops-spec")


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Each test client builds the middleware anew, and whitenoise looks through all static files: 0.1 s a test."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = once  # type: ignore[method-assign]
    yield
    WhiteNoiseMiddleware.add_files_from_finders = look  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits, sessions and idempotency of one test must not meet those of the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def django_db_schema(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> schema.Schema | None:
    """Restores the tables where they were made before; None on a database server of somebody's own."""
    from django.db import connection

    if embedded.MARKER not in os.environ:
        return None
    options = request.config.option
    return schema.Schema(connection.creation._get_test_db_name(), reuse=options.reuse_db and not options.create_db)


@pytest.fixture(scope="session")
def django_db_createdb(request: pytest.FixtureRequest, django_db_schema: schema.Schema | None) -> bool:
    if django_db_schema is None:
        return bool(request.config.option.create_db)
    return not django_db_schema.prepare()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_schema: schema.Schema | None) -> bool:
    # An embedded server is stopped or thrown away as a whole.
    return django_db_schema is not None


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_schema: schema.Schema | None, django_db_blocker: Any
) -> Iterator[None]:
    from revops.users.services import sync_roles
    from tests.flush import quick_flush

    if django_db_schema:
        django_db_schema.settled()
    with django_db_blocker.unblock():
        sync_roles()  # a thousand grants, which each test would write by itself
    with quick_flush():
        yield
