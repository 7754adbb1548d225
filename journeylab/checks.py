"""Checks of arguments: each returns the value it has checked, so that validation is one assignment."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Collection

T = TypeVar("T")

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def number(value: float, name: str, *, lowest: float = -math.inf, highest: float = math.inf) -> float:
    """Return `value` if it is a finite number from `lowest` to `highest`; raise BadParameter if not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadParameter(f"{name} must be a number, and is {value!r}.")
    if not lowest <= value <= highest:
        raise BadParameter(f"{name} must lie from {lowest:g} to {highest:g}, and is {value:g}.")
    return value


def whole(value: int, name: str, *, lowest: int = 0, highest: int = 2**62) -> int:
    """Return `value` if it is a whole number from `lowest` to `highest`; raise BadParameter if not."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadParameter(f"{name} must be a whole number, and is {value!r}.")
    return int(number(value, name, lowest=lowest, highest=highest))


def one_of(value: T, name: str, choices: Collection[T]) -> T:
    """Return `value` if it is one of `choices`; raise BadParameter naming them if not."""
    if value not in choices:
        raise BadParameter(f"{name} must be one of {', '.join(map(repr, choices))}, and is {value!r}.")
    return value


def duration(value: str | timedelta, name: str) -> timedelta:
    """Read a length of time such as '30m', '12h', '14d' or '2w' (or take a timedelta), longer than zero.

    >>> duration("14d", "window")
    datetime.timedelta(days=14)
    """
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)\s*", value)
        if not match:
            raise BadParameter(f"{name} must be a length of time such as '30m', '12h' or '14d', and is {value!r}.")
        value = timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise BadParameter(f"{name} must be longer than zero, and is {value!r}.")
    return value


def day(value: str | date | None, name: str) -> date | None:
    """Read a day as a date or as 'YYYY-MM-DD'; None stays None."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise BadParameter(f"{name} must be a day such as '2026-03-31', and is {value!r}.") from None
    if not isinstance(value, date):
        raise BadParameter(f"{name} must be a day such as '2026-03-31', and is {value!r}.")
    return date(value.year, value.month, value.day)
