"""The shop's time: from even operational time to a calendar with weeks, seasons and hours; and local stamps.

Processes are simulated in operational time, in which nothing has a season, and carried into the calendar by the
inverse of the cumulated intensity. That keeps the order of events and gives exact seasonality (time change of a
Poisson process; Daley & Vere-Jones, An Introduction to the Theory of Point Processes, section 7.4).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from journeylab.data.demo.plan import Plan

DAY = 86_400
WEEK = 7 * DAY

#: How busy each hour of the day is.
_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 11, 12, 11, 10, 10, 10, 11, 13, 15, 16, 14, 9, 4)


class Clock:
    """Turns seconds since the shop's first midnight into calendar times, days and stamps."""

    def __init__(self, plan: Plan) -> None:
        self.zone = ZoneInfo(plan.time_zone)
        self.start, self.days = plan.start, plan.days
        self.epoch = _midnight(plan.start, self.zone)
        self.seconds = float(_midnight(plan.until + timedelta(days=1), self.zone) - self.epoch)
        self._changes, self._offsets = _offsets(plan.start, plan.until, self.zone)
        self._edges = np.append(np.arange(0.0, self.seconds, 3600.0), self.seconds)
        busy = _intensity(plan, len(self._edges) - 1) * np.diff(self._edges)
        self._cumulated = np.append(0.0, np.cumsum(busy)) * (self.seconds / busy.sum())

    def to_calendar(self, operational: np.ndarray) -> np.ndarray:
        """Calendar seconds of operational seconds; monotone, and the window maps onto itself."""
        return np.interp(operational, self._cumulated, self._edges)

    def opening_hours(self, seconds: np.ndarray) -> np.ndarray:
        """The same days, at hours from 10:00 to 20:00."""
        local = seconds + self.offset(seconds) - self.offset(np.zeros(1))[0]
        return seconds + (10 / 24 * DAY + local % DAY * (10 / 24)) - local % DAY

    def offset(self, seconds: np.ndarray) -> np.ndarray:
        """Seconds by which local time is ahead of UTC."""
        where = np.searchsorted(self._changes, np.floor(seconds) + self.epoch, side="right") - 1
        return self._offsets[np.maximum(where, 0)]

    def day(self, seconds: np.ndarray) -> np.ndarray:
        """The number of the local day, 0 being the first."""
        local = np.floor(seconds) + self.epoch + self.offset(seconds)
        return (local // DAY).astype(np.int64) - (self.start - date(1970, 1, 1)).days

    def utc(self, seconds: np.ndarray) -> pd.DatetimeIndex:
        """UTC times, to the second, without a zone."""
        return pd.DatetimeIndex(np.floor(np.asarray(seconds) + self.epoch).astype("int64").astype("datetime64[s]"))

    def utc_stamp(self, seconds: np.ndarray) -> np.ndarray:
        """UTC times as text, such as 2026-03-01 08:12:40."""
        return _text(np.floor(np.asarray(seconds) + self.epoch))

    def local_stamp(self, seconds: np.ndarray) -> np.ndarray:
        """Local times as Shopify writes them, such as 2026-03-01 09:12:40 +0100."""
        seconds = np.asarray(seconds)
        offset = self.offset(seconds)
        hours = np.char.mod(" +%02d00", offset // 3600)
        return np.char.add(_text(np.floor(seconds + self.epoch) + offset), hours)

    def date_of(self, day: int) -> date:
        """The date of a day's number."""
        return self.start + timedelta(days=int(day))

    def dates(self, days: np.ndarray) -> np.ndarray:
        """The dates of days' numbers, as text."""
        return (np.datetime64(self.start, "D") + np.asarray(days).astype("timedelta64[D]")).astype(str)


def _text(epoch: np.ndarray) -> np.ndarray:
    if len(epoch) == 0:
        return np.array([], dtype="U19")
    return np.char.replace(epoch.astype("int64").astype("datetime64[s]").astype(str), "T", " ")


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time.min, tzinfo=zone).timestamp())


def _offsets(start: date, until: date, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
    """Epoch hours at which the offset changes, with the offset from then on."""
    first = _midnight(start, zone) - DAY
    hours = range(first, _midnight(until, zone) + 3 * DAY, 3600)
    offsets = [int(datetime.fromtimestamp(h, UTC).astimezone(zone).utcoffset().total_seconds()) for h in hours]  # type: ignore[union-attr]
    changes = [0, *(i for i in range(1, len(offsets)) if offsets[i] != offsets[i - 1])]
    return np.array([hours[i] for i in changes]), np.array([offsets[i] for i in changes])


def _intensity(plan: Plan, hours: int) -> np.ndarray:
    """How busy each hour since the start is: weekday, hour and season multiplied."""
    hour = np.arange(hours)
    day = hour // 24
    week = np.asarray(plan.weekdays)[(plan.start.weekday() + day) % 7]
    return np.asarray(week * np.asarray(_HOURS)[hour % 24] * yearly(plan, day))


def yearly(plan: Plan, day: np.ndarray) -> np.ndarray:
    """The season of each day: 1 + amplitude * cos(2 pi (day - peak) / 365.25)."""
    peak = (date(plan.start.year, *plan.yearly_peak) - plan.start).days
    return np.asarray(1 + plan.yearly_amplitude * np.cos(2 * np.pi * (np.asarray(day) - peak) / 365.25))
