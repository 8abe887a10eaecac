"""When and how often a request is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class RetryPolicy(NamedTuple):
    """How patient one call is, within its total deadline. All times are in seconds."""

    attempts: int = 3
    first_delay: float = 0.5
    """The most to wait before the second attempt; each further one may wait twice as long."""
    longest_delay: float = 8.0
    connect_timeout: float = 10.0
    """For one attempt's name look-up, connection and TLS: a third of the default deadline, so that three fit."""
    silence_timeout: float = 20.0
    """How long a read waits for the next byte before it counts as lost. A write waits as long as its deadline lets it,
    since giving up on one earlier only makes its outcome unknown."""

    def delay(self, failures: int, chance: float) -> float:
        """Seconds to wait after so many failures: full jitter, `chance` being a random number from 0 to 1.

        Full jitter spreads retries evenly over the whole interval:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        return chance * min(self.longest_delay, self.first_delay * 2 ** (failures - 1))


class RetryBudget:
    """Keeps retries under a fifth of the calls, so that an outage is not answered with a flood.

    A token bucket: a call earns one token, a retry costs five. Ten retries can be saved up; a fresh process has three.
    """

    COST = 5
    CAPACITY = 10 * COST

    def __init__(self) -> None:
        self._tokens = 3 * self.COST

    def earn(self) -> None:
        """A call begins."""
        self._tokens = min(self.CAPACITY, self._tokens + 1)

    def spend(self) -> bool:
        """Whether one more retry may be made; if so, it is paid for."""
        if self._tokens < self.COST:
            return False
        self._tokens -= self.COST
        return True


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that an answer's ``Retry-After`` asks to wait, or None if it has none that can be read.

    Both forms of RFC 9110, 10.2.3: a number of seconds, or a date. A date is taken against the answer's own ``Date``
    where there is one, since this machine's clock (`now`, in seconds since 1970) may be wrong.
    """
    asked = headers.get("retry-after", "").strip()
    if not asked:
        return None
    # Ten digits are three centuries; more would not fit a float for ever.
    if asked.isascii() and asked.isdigit() and len(asked) <= 10:
        return float(asked)
    until = _timestamp(asked)
    if until is None:
        return None
    since = _timestamp(headers.get("date", ""))
    return max(0.0, until - (now if since is None else since))


def _timestamp(http_date: str) -> float | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 5 ms to import, and rarely needed

    try:
        return parsedate_to_datetime(http_date).timestamp()
    except (ValueError, OverflowError):
        return None
