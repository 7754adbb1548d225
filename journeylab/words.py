"""Numbers as a person writes them: €1.2 k, 3.4 %, 14 days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_MANY = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))


def money(value: float, currency: str = "") -> str:
    """Write an amount short, with its currency.

    >>> money(1234.5, "EUR"), money(-12, "USD"), money(8_911_407.9, "GBP"), money(30.5, "CHF")
    ('€1.2 k', '−$12', '£8.9 m', 'CHF 30.50')
    """
    if math.isnan(value):
        return "not known"
    sign = _SIGNS.get(currency, f"{currency} " if currency else "")
    size = abs(value)
    for least, unit in _MANY:
        if size >= least:
            written = f"{size / least:.1f} {unit}"
            break
    else:
        written = f"{size:.0f}" if size >= 100 or size == int(size) else f"{size:.2f}"
    return f"{'−' if value < 0 else ''}{sign}{written}"


def percent(share: float, *, digits: int = 1) -> str:
    """Write a share as per cent.

    >>> percent(0.0339), percent(float("nan"))
    ('3.4 %', 'not known')
    """
    return "not known" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def signed(share: float) -> str:
    """Write a share as per cent with its sign.

    >>> signed(0.031), signed(-0.12), signed(float("nan"))
    ('+3.1 %', '−12.0 %', 'an unknown share')
    """
    return "an unknown share" if math.isnan(share) else f"{'+' if share >= 0 else '−'}{percent(abs(share))}"


def decimal(value: float, digits: int = 2) -> str:
    """Write a number with its decimals, and a true minus.

    >>> decimal(-0.018), decimal(0.2, 1), decimal(-0.001)
    ('−0.02', '0.2', '0.00')
    """
    written = f"{abs(value):.{digits}f}"
    return f"−{written}" if value < 0 and float(written) else written


def brings(share: float, of: str) -> str:
    """Say what share of something comes from a group; another thing where there is none to share.

    >>> brings(0.125, "net value"), brings(float("nan"), "net value")
    ('brings 12.5 % of net value', 'brings no share of net value, which does not add up to more than zero')
    """
    if math.isnan(share):
        return f"brings no share of {of}, which does not add up to more than zero"
    return f"brings {percent(share)} of {of}"


def plus(value: float, *, digits: int = 0) -> str:
    """Write a figure that may lie on either side of 0 with its sign; what rounds to 0 has none.

    >>> plus(28.8), plus(-7.1), plus(-0.04, digits=1), plus(float("nan"))
    ('+29', '−7', '0.0', 'not known')
    """
    if math.isnan(value):
        return "not known"
    written = f"{abs(value):.{digits}f}"
    return written if not float(written) else f"{'+' if value > 0 else '−'}{written}"


def count(value: float, noun: str = "", plural: str = "") -> str:
    """Write a count with its noun in the right number.

    >>> count(1, "day"), count(18532, "order"), count(2, "story", "stories")
    ('1 day', '18,532 orders', '2 stories')
    """
    if not noun:
        return f"{value:,.0f}"
    return f"{value:,.0f} {noun if value == 1 else plural or noun + 's'}"


def day(day: date) -> str:
    """Write a day.

    >>> from datetime import date
    >>> day(date(2026, 3, 1))
    '1 Mar 2026'
    """
    return f"{day.day} {day:%b %Y}"


def span(first: date, last: date) -> str:
    """Write a period.

    >>> from datetime import date
    >>> span(date(2026, 3, 1), date(2026, 3, 31))
    '1 Mar 2026 to 31 Mar 2026'
    """
    return f"{day(first)} to {day(last)}"


def listed(words: Iterable[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["orders", "events", "stock"])
    'orders, events and stock'
    """
    *head, last = list(words)
    return f"{', '.join(head)} and {last}" if head else last


def length(seconds: float) -> str:
    """Write a length of time in the unit that suits it.

    >>> length(42), length(90), length(5400), length(200_000), length(float("nan"))
    ('42 s', '1.5 min', '1.5 h', '2.31 days', 'not known')
    """
    if math.isnan(seconds):
        return "not known"
    for least, unit in ((172_800, "days"), (3_600, "h"), (60, "min")):
        if seconds >= least:
            size = 86_400 if unit == "days" else least
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
