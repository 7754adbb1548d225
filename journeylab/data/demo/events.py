"""The events of the simulated visits, expanded chunk by chunk: memory does not grow with the number of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo.orders import EXPRESS_FEE, FEE, PAYMENTS
from journeylab.data.demo.plan import CHANNELS, COUNTRIES, DEVICES, STEPS
from journeylab.data.demo.visits import CART, CHECKOUT_SECONDS, PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journeylab.data.demo.store import Store

#: Visits expanded at once. Part of the random stream: another size gives other events.
VISITS_A_CHUNK = 100_000

SEARCH, LISTING = len(STEPS), len(STEPS) + 1
NAMES = (*STEPS, "view_search_results", "page_view")
PAGES = ("/", "", "/cart", "/checkout", "/checkout/shipping", "/checkout/payment", "/checkout/thank-you", "/search", "")
FEE_SHOWN = ("checkout", "product")
TERMS = ("espresso", "mug", "tea", "gift box", "linen", "bowl", "teapot", "beans", "candle", "napkins")
UNMET_TERMS = ("decaf", "matcha")
#: median load time in milliseconds by device, and how much slower each kind of page is
_LOAD = np.array([620.0, 1150.0, 820.0])
_SLOWER = np.array([1.0, 1.1, 0.8, 0.9, 0.9, 1.2, 0.8, 1.4, 1.0])


def chunks(store: Store) -> Iterator[pd.DataFrame]:
    """The events as data frames in order of the visits' start, a bounded number of visits at a time."""
    for number, first in enumerate(range(0, len(store.visits), VISITS_A_CHUNK)):
        rng = np.random.default_rng([store.seed, 7, number])
        yield _expand(store, store.visits.iloc[first : first + VISITS_A_CHUNK], rng)


def _expand(store: Store, visits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    plan, n = store.plan, len(visits)
    depth = visits["depth"].to_numpy().astype(int)
    lists = (rng.random(n) < np.where(depth > 0, 0.55, 0.30)).astype(int)
    searches = ((rng.random(n) < plan.search_share) & ((depth > 0) | (lists > 0))).astype(int)
    views = np.where(depth > 0, np.minimum(rng.geometric(0.62, n), 5), 0)
    steps = np.maximum(depth - CART + 1, 0)
    counts = 1 + lists + searches + views + steps
    row = np.repeat(np.arange(n), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    kind = _kinds(place, lists[row], searches[row], views[row])
    t = _times(visits["t"].to_numpy(), depth, counts, row, place, rng)
    return _columns(store, visits, row, kind, t, place == (counts - steps - 1)[row], rng)


def _kinds(place: np.ndarray, lists: np.ndarray, searches: np.ndarray, views: np.ndarray) -> np.ndarray:
    """What each event is: landing, listing, search, product views, then the steps from the cart on."""
    after = 1 + lists + searches
    return np.select(
        [place == 0, place < 1 + lists, place < after, place < after + views],
        [0, LISTING, SEARCH, 1],
        CART + place - after - views,
    )


def _times(
    start: np.ndarray,
    depth: np.ndarray,
    counts: np.ndarray,
    row: np.ndarray,
    place: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Seconds of each event; a visit that ends in a purchase ends exactly at the order's time."""
    gap = np.where(place == 0, 0.0, rng.lognormal(3.3, 0.8, len(row)))
    running = np.cumsum(gap)
    firsts = np.cumsum(counts) - counts
    since = running - running[firsts][row]
    lasts = firsts + counts - 1
    scale = np.where(depth == PURCHASE, CHECKOUT_SECONDS / np.maximum(since[lasts], 1e-9), 1.0)
    t = start[row] + since * scale[row]
    t[lasts[depth == PURCHASE]] = start[depth == PURCHASE] + CHECKOUT_SECONDS
    return t


def _columns(
    store: Store,
    visits: pd.DataFrame,
    row: np.ndarray,
    kind: np.ndarray,
    t: np.ndarray,
    last_view: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n, clock, products = len(row), store.clock, store.products
    visit = {name: visits[name].to_numpy() for name in visits.columns}
    device = visit["device"][row]
    step = (kind >= CART) & (kind <= PURCHASE)
    sku = np.where(last_view | step, visit["sku"][row], rng.permutation(visit["sku"])[row])
    about = (kind == 1) | (kind == CART) | (kind == PURCHASE)
    order = np.where(kind == PURCHASE, visit["order"][row], -1)
    search = kind == SEARCH
    unmet = rng.random(n) < store.plan.unmet_search_share
    term = np.where(unmet, rng.integers(0, len(UNMET_TERMS), n) + len(TERMS), rng.integers(0, len(TERMS), n))
    paying = step & (kind >= PURCHASE - 1)
    checkout = step & (kind > CART)
    load = rng.lognormal(np.log(_LOAD[device] * _SLOWER[kind]), 0.45)
    price = np.where(kind == CART, products["price"].to_numpy()[sku], np.nan)
    category = products["category"].str.lower().to_numpy()[sku]
    page = np.select(
        [kind == 1, kind == LISTING],
        ["/products/" + products["handle"].to_numpy()[sku], "/collections/" + category],
        np.array(PAGES, dtype=object)[kind],
    )
    return pd.DataFrame(
        {
            "event_timestamp": clock.utc(t).as_unit("us").tz_localize("UTC"),
            "event_name": _category(kind, NAMES),
            "user_pseudo_id": store.visitor_names[visit["visitor"][row]],
            "user_id": _known(store, visit["customer"][row], visit["login"][row]),
            "ga_session_id": (np.floor(visit["t"][row]) + clock.epoch).astype("int64"),
            "page": pd.Categorical(page),
            "marketing_channel": _category(visit["channel"][row], CHANNELS),
            "device": _category(device, DEVICES),
            "country": _category(visit["country"][row], COUNTRIES),
            "sku": _category(np.where(about, sku, -1), tuple(products["sku"])),
            "transaction_id": _names(store.order_names, order),
            "value": np.where(order >= 0, store.orders["total"].to_numpy()[np.maximum(order, 0)], price).round(2),
            "search_term": _category(np.where(search, term, -1), TERMS + UNMET_TERMS),
            "search_results": _whole(np.where(term < len(TERMS), 2 + term % 7, 0), search),
            "load_ms": _whole((load / 20).round() * 20, kind != CART),
            "payment_method": _category(np.where(paying, visit["payment"][row], -1), PAYMENTS),
            "shipping_fee": np.where(checkout, visit["fee"][row], np.nan),
            "fee_first_shown": _category(np.where(step, visit["fee_shown"][row], -1), FEE_SHOWN),
        }
    )


def _category(codes: np.ndarray, names: tuple[str, ...]) -> pd.Categorical:
    """Names by number, -1 being empty; a name that stands twice is the same name."""
    unique = tuple(dict.fromkeys(names))
    place = np.array([*(unique.index(name) for name in names), -1])
    return pd.Categorical.from_codes(place[codes], categories=list(unique))


def _whole(values: np.ndarray, where: np.ndarray) -> pd.arrays.IntegerArray:
    """Whole numbers, empty elsewhere."""
    return pd.arrays.IntegerArray(values.astype(np.int32), ~where)


def _names(names: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Names by number as objects, -1 being empty."""
    return np.asarray(np.where(codes >= 0, names[np.maximum(codes, 0)], None))


def _known(store: Store, customer: np.ndarray, login: np.ndarray) -> np.ndarray:
    return _names(store.customers["email"].to_numpy(), np.where(login, customer, -1))


def details(visits: pd.DataFrame, orders: pd.DataFrame, focus: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Add what a visit carries: the SKU it is about, payment method, shipping fee and when the fee is first shown."""
    n = len(visits)
    order = visits["order"].to_numpy()
    bought = order >= 0
    at = np.maximum(order, 0)
    payment = np.searchsorted(np.cumsum((0.50, 0.29, 0.15, 0.06)), rng.random(n) * 0.999_999)
    fee = np.where(rng.random(n) < 0.06, EXPRESS_FEE, np.where(rng.random(n) < 0.35, 0.0, FEE))
    return visits.assign(
        sku=focus.astype(np.int16),
        payment=np.where(bought, orders["payment"].to_numpy()[at], payment).astype(np.int8),
        fee=np.where(bought, orders["shipping"].to_numpy()[at], fee).astype(np.float32),
        fee_shown=np.zeros(n, dtype=np.int8),
    )
