"""When a request is sent again, and after which pause. Pure: the clock and the dice are parameters."""
from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Optional


@dataclass(frozen=True)
class RetryPolicy:
    """How a call deals with 429, 503 and lost connections.

    attempts: a request is sent so many times at most.
    first_seconds, factor, longest_seconds: pauses grow from the first by the factor up to the longest, each shortened by chance.
    total_seconds: the pauses of one call add up to this at most; a ``Retry-After`` beyond it ends the call at once.
    """

    attempts: int = 10
    first_seconds: float = 0.2
    factor: float = 2.0
    longest_seconds: float = 10.0
    total_seconds: float = 120.0

    def pause(self, attempt: int, retry_after: Optional[float], spent: float, chance: float) -> Optional[float]:
        """Seconds to wait before the next attempt; None to give up.

        attempt: how often it was sent, from 1. retry_after: what the server asked for. chance: a number in [0, 1).
        """
        if attempt >= self.attempts:
            return None
        backoff = min(self.longest_seconds, self.first_seconds * self.factor ** (attempt - 1)) * (1 - chance / 2)
        wanted = max(backoff, retry_after or 0.0)
        return None if spent + wanted > self.total_seconds else wanted


def retry_after_seconds(value: Optional[str], now: float) -> Optional[float]:
    """The header ``Retry-After``, seconds or a date, as seconds from now; None when absent or unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError):
        return None
