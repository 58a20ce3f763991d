"""A token bucket per caller in Redis: it fills steadily, so that a short burst passes and a flood does not."""

import math
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

# What a request takes from the bucket, by what it makes the server do.
COSTS = {"read": 1, "search": 2, "write": 2, "count": 5, "upload": 5, "bulk": 10, "export": 10}
WINDOW = 60
# Server time, so that all web processes agree; one round trip, so that no two requests take the same token.
TAKE = """
local now = redis.call('TIME')
local at = tonumber(now[1]) + tonumber(now[2]) / 1000000
local size, rate, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(size, (tonumber(held[1]) or size) + (at - (tonumber(held[2]) or at)) * rate)
local taken = 0
if left >= cost then left = left - cost; taken = 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', string.format('%.6f', at))
redis.call('EXPIRE', KEYS[1], math.ceil(size / rate) + 1)
return {taken, tostring(left)}
"""


class Bucket(NamedTuple):
    """What a request found: whether it may pass, tokens left, the size, tokens a second."""

    passes: bool
    left: float
    size: int
    rate: float

    @property
    def reset(self) -> int:
        """Seconds until the bucket is full again."""
        return math.ceil((self.size - self.left) / self.rate)

    def headers(self) -> dict[str, str]:
        """As the IETF draft has them now (RateLimit, RateLimit-Policy), and the three that clients still read."""
        return {
            "RateLimit-Policy": f'"default";q={self.size};w={WINDOW}',
            "RateLimit": f'"default";r={max(0, int(self.left))};t={self.reset}',
            "RateLimit-Limit": str(self.size),
            "RateLimit-Remaining": str(int(self.left)),
            "RateLimit-Reset": str(self.reset),
        }


def take(caller: str, cost: int) -> Bucket:
    """Take `cost` tokens from the caller's bucket. A Redis that is down lets everybody pass."""
    size = settings.API_RATE_PER_MINUTE
    rate = size / WINDOW
    try:
        passes, left = _redis().eval(TAKE, 1, cache.make_key(f"rate:{caller}"), size, rate, cost)
    except RedisError:
        return Bucket(True, size, size, rate)
    return Bucket(bool(passes), float(left), size, rate)


def _redis() -> Any:
    """The cache's own pooled connection."""
    return cache._cache.get_client(write=True)  # type: ignore[attr-defined]


def cost_class(request: Request, view: Any) -> str:
    """The class of a request: its action's own (`costs` of the view), else by method and what is asked."""
    own = getattr(view, "costs", {}).get(getattr(view, "action", None))
    if own is not None:
        return str(own)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        return "write"
    if request.query_params.get("count") == "exact":
        return "count"
    return "search" if request.query_params.get("q") else "read"


class TokenBucketThrottle(BaseThrottle):
    """429 with Retry-After when the bucket is empty. The bucket stands on the request for the headers."""

    bucket: Bucket | None = None
    cost = 1

    def allow_request(self, request: Request, view: Any) -> bool:
        self.cost = COSTS[cost_class(request, view)]
        self.bucket = take(self._caller(request), self.cost)
        request._request.rate_bucket = self.bucket  # type: ignore[attr-defined]
        return self.bucket.passes

    def wait(self) -> float | None:
        if self.bucket is None:
            return None
        return (self.cost - self.bucket.left) / self.bucket.rate

    def _caller(self, request: Request) -> str:
        if request.auth is not None:
            return f"token:{request.auth.pk}"
        if request.user.is_authenticated:
            return f"user:{request.user.pk}"
        return f"address:{self.get_ident(request)}"
