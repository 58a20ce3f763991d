"""A cache that may be away: what is kept in it can always be computed again, so its absence is a miss, not an error."""

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = logging.getLogger(__name__)

# A server that does not answer is asked again after this, so that a page does not wait for it a dozen times.
PAUSE_SECONDS = 2


class ForgivingCache(RedisCache):
    """Django's Redis cache; while the server is away nothing is found and nothing is kept."""

    _back_at: ClassVar[float] = 0

    def _try(self, ask: Callable[[], Any], otherwise: Any) -> Any:
        if time.monotonic() < ForgivingCache._back_at:
            return otherwise
        try:
            return ask()
        except RedisError as error:
            ForgivingCache._back_at = time.monotonic() + PAUSE_SECONDS
            log.warning("the cache does not answer: %s", type(error).__name__)
            return otherwise

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(ForgivingCache, self).add(key, value, *args, **kwargs), True)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(ForgivingCache, self).get(key, default, version), default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: super(ForgivingCache, self).get_many(keys, version), {})

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._try(lambda: super(ForgivingCache, self).set(key, value, *args, **kwargs), None)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._try(lambda: super(ForgivingCache, self).set_many(data, *args, **kwargs), [])

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(ForgivingCache, self).touch(key, *args, **kwargs), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingCache, self).delete(key, version), False)

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._try(lambda: super(ForgivingCache, self).delete_many(keys, version), None)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingCache, self).has_key(key, version), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._try(lambda: super(ForgivingCache, self).incr(key, delta, version), delta)
