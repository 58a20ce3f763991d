"""The sender: claims, posts on threads, records. No transaction is open while something is under way.

Threads only talk to the network. A slow receiver holds a few of them for a bounded time; the others' messages go on.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from revops.integrations import services
from revops.integrations.posting import Answer, Parcel, post

LANES = 16
RUN_SECONDS = 20
LOOK_SECONDS = 0.5


def send_due(seconds: float = RUN_SECONDS) -> int:
    """Send what is due until nothing is, or the time is over; returns how many tries were made."""
    end = time.perf_counter() + seconds
    tried = 0
    under_way: dict[Future[Answer], Parcel] = {}
    with ThreadPoolExecutor(max_workers=LANES) as pool:
        while True:
            if time.perf_counter() < end:
                parcels = services.claim_messages(most=LANES - len(under_way))
                under_way |= {pool.submit(post, parcel): parcel for parcel in parcels}
            if not under_way:
                return tried
            ended, _going = wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in ended:
                services.record_attempt(parcel=under_way.pop(future), answer=future.result())
                tried += 1
