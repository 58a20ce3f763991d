"""A product on servers of its own, which a test may stop, empty and start again without hurting anybody else's."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import caches
from django.db import connection
from redis import Redis

from revops.embedded import Postgres, Valkey, free_port
from tests import schema
from tests.e2e.product import Product

DATABASE = "plant"


@dataclass
class Plant:
    """PostgreSQL, Valkey, web, worker and clock in one folder."""

    home: Path
    postgres: Postgres = field(init=False)
    valkey: Valkey = field(init=False)
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        # Promises are kept through a crash, as on a company's server.
        kept = {"synchronous_commit": "on"}
        self.postgres = Postgres(self.home, lossy=True, database=DATABASE, port=free_port(), options=kept)
        self.valkey = Valkey(self.home, port=free_port())

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        self.product = Product(DATABASE, self.home / "logs", environment=self.environment())
        schema.fill(self.postgres.url())
        self.product.start()

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.valkey.url(0),
            "CELERY_BROKER_URL": self.valkey.url(1),
            "REVOPS_VAR": str(self.home),
            "MEDIA_ROOT": str(self.media),
        }

    @property
    def media(self) -> Path:
        return self.home / "media"

    @property
    def url(self) -> str:
        return self.product.url

    def stop(self) -> None:
        if hasattr(self, "product"):
            self.product.stop()
        self.valkey.stop()
        self.postgres.stop()

    @contextmanager
    def database(self) -> Iterator[None]:
        """This process looks into the plant's database meanwhile."""
        own = dict(connection.settings_dict)
        address = urlsplit(self.postgres.url())
        connection.close()
        connection.settings_dict.update(
            NAME=DATABASE, HOST=address.hostname, PORT=address.port, USER=address.username, PASSWORD=address.password
        )
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(own)
            caches["default"].clear()

    # Faults -------------------------------------------------------------------------------

    def empty_valkey(self) -> None:
        Redis.from_url(self.valkey.url()).flushall()

    def waiting(self) -> int:
        """Messages that no worker has taken."""
        broker = Redis.from_url(self.valkey.url(1))
        return sum(int(broker.llen(queue)) for queue in ("default", "leads", "money", "reports", "webhooks"))  # type: ignore[arg-type]

    def kill_valkey(self) -> None:
        """As a power cut would."""
        self.valkey.stop(signal.SIGKILL)

    def crash_postgres(self) -> None:
        """An immediate shutdown: no transaction is finished, no client is told; the next start recovers."""
        self.postgres.stop(signal.SIGQUIT)

    def until(self, check: Any, what: str, seconds: float = 90) -> Any:
        """Wait for something; what cannot be asked just now counts as no."""
        deadline, last = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            try:
                if result := check():
                    return result
            except Exception as error:  # a part is away: that is what these tests are about
                last = error
                connection.close()
            time.sleep(0.2)
        logs = "\n".join(f"{name}: {self.product.log(name)[-1500:]}" for name in ("web", "worker"))
        raise AssertionError(f"After {seconds} s {what} ({last!r})\n{logs}")
