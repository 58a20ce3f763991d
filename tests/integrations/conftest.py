"""A receiver for webhooks, on this machine, allowed by name."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integrations.receiver import Receiver, listening


@pytest.fixture
def local_hosts(settings: Any) -> None:
    """As an installation that tries webhooks out sets it."""
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.WEBHOOK_PRIVATE_HOSTS = ["localhost"]


@pytest.fixture
def receiver(local_hosts: None) -> Iterator[Receiver]:
    with listening() as running:
        yield running
