"""Widgets that live in the URL: a link is a state of the page, and a bad value in it is said, never raised."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import available_timezones

import streamlit as st

from journeylab.app.link_values import Amounts, DaysWithin, NumbersWithin
from journeylab.app.places import PAGES
from journeylab.app.state import visitor
from journeylab.errors import NotEnoughData
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from journeylab.data.dataset import Dataset

T = TypeVar("T")

PRESETS = {"All": None, "30 days": 30, "90 days": 90, "365 days": 365}
CUSTOM = "Custom"
#: Offered while there is no column of personas, to say how there will be one.
_LATER = "persona (find them first)"


def segments(label: str, options: Sequence[str], *, key: str) -> str:
    """Choose one of a few, side by side; the first is the default."""
    _seed(key, options, _first)
    chosen = st.segmented_control(
        label,
        list(options),
        default=options[0],
        format_func=escape,
        key=key,
        required=True,
        label_visibility="collapsed",
        bind="query-params",
        on_change=_heard,
        args=(key,),
    )
    chosen = chosen if chosen in options else options[0]
    say_notice(key)
    return chosen


def choice(
    label: str,
    options: dict[str, T],
    *,
    key: str,
    default: str | None = None,
    help: str | None = None,  # noqa: A002 - Streamlit's own word
) -> T:
    """Choose one of several by its words and return what it stands for.

    Raises:
        NotEnoughData: if there is none.
    """
    names = list(options)
    if not names:
        raise NotEnoughData(f"There is nothing to choose for {label}.")
    _seed(key, names, _first)
    chosen = st.selectbox(
        label,
        names,
        index=names.index(default) if default in options else 0,
        key=key,
        help=help,
        bind="query-params",
        on_change=_heard,
        args=(key,),
    )
    chosen = chosen if chosen in options else names[0]
    say_notice(key)
    return options[chosen]


def zone(label: str, shop: Dataset, *, key: str) -> str | None:
    """Choose a time zone; None for the shop's own, which is the default."""
    own = f"the shop's own ({shop.time_zone})"
    return choice(label, {own: None, **{name: name for name in zones()}}, key=key)


def zones() -> list[str]:
    """Return the time zones to choose from."""
    common = [zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))]
    return ["UTC", *sorted(common)]


def slider(
    label: str,
    lowest: int,
    highest: int,
    default: int,
    *,
    key: str,
    help: str | None = None,  # noqa: A002
) -> int:
    """Choose a whole number from `lowest` to `highest`."""
    within = NumbersWithin(lowest, highest)
    _seed(key, within, lambda good: int(good[0]), f"a whole number from {lowest} to {highest}")
    value = st.slider(
        label, lowest, highest, default, key=key, help=help, bind="query-params", on_change=_heard, args=(key,)
    )
    value = min(max(int(value), lowest), highest)
    say_notice(key)
    return value


def scale(label: str, options: dict[str, T], *, key: str, help: str | None = None) -> T:  # noqa: A002
    """Choose one of several that have an order, on a slider, and return what it stands for; the first is usual."""
    names = list(options)
    _seed(key, names, _first)
    chosen = st.select_slider(
        label, names, names[0], key=key, help=help, bind="query-params", on_change=_heard, args=(key,)
    )
    chosen = chosen if chosen in options else names[0]
    say_notice(key)
    return options[chosen]


def amount(label: str, *, key: str, help: str | None = None) -> float | None:  # noqa: A002
    """Type an amount of money; None while nothing is typed."""
    _seed(key, Amounts(), lambda good: float(good[0]), "an amount of money")
    value = st.number_input(
        label,
        min_value=0.0,
        value=None,
        key=key,
        help=help,
        placeholder="from the data",
        bind="query-params",
        on_change=_heard,
        args=(key,),
    )
    say_notice(key)
    return value or None


def several(
    label: str,
    options: Sequence[str],
    default: Sequence[str],
    *,
    key: str,
    most: int,
    help: str | None = None,  # noqa: A002
) -> list[str]:
    """Choose several, in the order in which they are picked."""
    _seed(key, options, list)
    chosen = st.multiselect(
        label,
        list(options),
        default=list(default),
        key=key,
        max_selections=most,
        help=help,
        bind="query-params",
        on_change=_heard,
        args=(key,),
    )
    chosen = [option for option in chosen if option in options]
    say_notice(key)
    return chosen


def breakdown(shop: Dataset) -> str | None:
    """Choose a column of the events or a trait of customers to break down by, among those the shop has."""
    from journeylab.journey.tally import dimensions, properties

    known = visitor().remember((shop.fingerprint, "dimensions"), lambda: (*dimensions(shop), *properties(shop)))
    plain = {"customers.": "customer's ", "properties.": "", "_": " "}
    having = {reduce(lambda text, pair: text.replace(*pair), plain.items(), name): name for name in known}
    later = "customers.persona" not in known and shop.has("orders.customer_id", "events.customer_id")
    chosen = choice("Break down by", {"nothing": None, **having, **({_LATER: _LATER} if later else {})}, key="by")
    if chosen == _LATER:
        st.caption("Personas are found on their own page, and become a column by the button at its end.")
        st.page_link(PAGES / "customers" / "personas.py", label="Find personas", icon=":material/groups:")
        return None
    return chosen


def customer(shop: Dataset) -> str | None:
    """Choose one customer among those with most orders, or type a pseudonym."""
    from journeylab.customers.identity import most_orders

    known = visitor().remember((shop.fingerprint, "customers"), lambda: most_orders(shop))
    chosen = st.selectbox(
        "Customer",
        known,
        index=0 if known else None,
        key="customer",
        accept_new_options=True,
        help="Those with most orders are offered; any other pseudonym can be typed.",
        width=360,
    )
    return chosen or None


def date_window(observed: tuple[date, date] | None) -> tuple[date, date] | None:
    """Choose the period every page looks at, within what was observed; None for all of it."""
    if observed is None or observed[0] == observed[1]:
        return None
    first, last = observed
    length = (last - first).days + 1
    presets = [name for name, days in PRESETS.items() if days is None or days < length]
    chosen = choice("Period", {name: name for name in [*presets, CUSTOM]}, key="period")
    if chosen != CUSTOM:
        days = PRESETS[chosen]
        return None if days is None else (last - timedelta(days=days - 1), last)
    _seed("days", DaysWithin(first, last), _days, f"two days from {first} to {last}")
    days_chosen = st.date_input(
        "From and to",
        (first, last),
        min_value=first,
        max_value=last,
        key="days",
        bind="query-params",
        on_change=_heard,
        args=("days",),
    )
    if not isinstance(days_chosen, tuple) or len(days_chosen) != 2:
        return visitor().window
    window = max(first, days_chosen[0]), min(last, days_chosen[1])
    say_notice("days")
    return window


def days_between(
    label: str, days: tuple[date, date], *, key: str, usual: tuple[date, date] | None = None
) -> tuple[str | None, str | None]:
    """Choose two days within those known, in ISO form; None for an end that stays as it is."""
    first, last = days
    if first == last:
        return None, None
    _seed(key, DaysWithin(first, last), _days, f"two days from {first} to {last}")
    chosen = st.date_input(
        label,
        usual or (first, last),
        min_value=first,
        max_value=last,
        key=key,
        bind="query-params",
        on_change=_heard,
        args=(key,),
    )
    say_notice(key)
    if not isinstance(chosen, tuple) or len(chosen) != 2:
        return None, None
    begin, finish = max(first, chosen[0]), min(last, chosen[1])
    return (None if begin == first else begin.isoformat()), (None if finish == last else finish.isoformat())


def as_of(shop: Dataset) -> date | None:
    """Choose the day the customers are looked at from; None for the last day on which orders can have been seen."""
    from journeylab.data.coverage import orders_end

    last = visitor().remember((shop.fingerprint, "orders end"), lambda: orders_end(shop))
    if last is None or shop.period is None or shop.period[0] >= last:
        return None
    first = shop.period[0]
    _seed("as_of", DaysWithin(first, last), lambda good: date.fromisoformat(good[0]), f"a day from {first} to {last}")
    day = st.date_input(
        "As of",
        last,
        min_value=first,
        max_value=last,
        key="as_of",
        help="Customers are scored as they stood on this day; later orders are left out.",
        bind="query-params",
        on_change=_heard,
        args=("as_of",),
    )
    say_notice("as_of")
    return day if isinstance(day, date) and first <= day < last else None


def _seed(
    key: str, valid: Container[str], make: Callable[[list[str]], Any], words: str = "one of the choices here"
) -> None:
    """Give a control that is drawn for the first time the value its link asks for, and note what cannot be used.

    Streamlit itself takes a value from the URL, and drops it when another page is opened before the control could be
    drawn, as when the data must be added first; so the link that a visit began with is kept until then.
    """
    if key in st.session_state:
        return
    who = visitor()
    in_url, in_link = st.query_params.get_all(key), who.link.pop(key, [])
    asked = in_url or in_link
    bad = [text for text in asked if text not in valid]
    if bad:
        shown = bad[0] if len(bad[0]) <= 40 else f"{bad[0][:40]}…"
        who.notices[key] = f"The link asks for “{shown}”, which is not {words}; it is left out here."
    good = [text for text in in_link if text in valid]
    if good and not in_url:
        st.query_params[key] = good
        st.session_state[key] = make(good)


def begin_at(wanted: dict[str, list[str]]) -> None:
    """Let controls that are drawn for the first time begin at these texts, unless the link says any of them."""
    if any(key in st.session_state or st.query_params.get_all(key) or key in visitor().link for key in wanted):
        return
    visitor().link.update(wanted)


def say_notice(key: str) -> None:
    """Say under a control what was wrong with its value in the link."""
    sentence = visitor().notices.get(key)
    if sentence:
        st.caption(f":material/link_off: {escape(sentence)}")


def _heard(key: str) -> None:
    """Drop the sentence about the link once the user has chosen for themselves."""
    visitor().notices.pop(key, None)


def _first(good: list[str]) -> str:
    return good[0]


def _days(good: list[str]) -> tuple[date, ...]:
    return tuple(sorted(date.fromisoformat(text) for text in good[:2]))
