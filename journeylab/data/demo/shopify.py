"""The orders of a simulated shop in the columns of Shopify's order export: the first line carries the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo.catalog import TAX
from journeylab.data.demo.headers import SHOPIFY_ORDERS
from journeylab.data.demo.orders import CODES, PAYMENTS
from journeylab.data.demo.plan import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journeylab.data.demo.store import Store

_ORDERS_A_CHUNK = 20_000
_COD = "Cash on Delivery (COD)"


def order_rows(store: Store) -> Iterator[pd.DataFrame]:
    """The rows of the export, newest order last, some thousands of orders at a time."""
    orders = pd.concat([store.orders, store.failed_orders], ignore_index=True)
    lines = pd.concat([store.lines, store.failed_lines], ignore_index=True)
    orders["name"] = store.order_names
    order = np.argsort(orders["t"].to_numpy(), kind="stable")
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    lines["place"] = place[lines["order"]]
    lines = lines.sort_values("place", kind="stable", ignore_index=True)
    rng = np.random.default_rng([store.seed, 8])
    orders["late"] = rng.gamma(4, _dispatch(store, orders) / 4) * 86_400
    orders["shouted"] = rng.random(len(orders)) < 0.003
    orders = orders.iloc[order].reset_index(drop=True)
    for first in range(0, len(orders), _ORDERS_A_CHUNK):
        last = min(first + _ORDERS_A_CHUNK, len(orders))
        part = slice(*np.searchsorted(lines["place"], [first, last]))
        yield _rows(store, orders.iloc[first:last].reset_index(drop=True), lines.iloc[part], first)


def _dispatch(store: Store, orders: pd.DataFrame) -> np.ndarray:
    """Mean days until an order leaves: the pain of the persona who waits."""
    return np.append([p.dispatch_days for p in store.plan.personas], 1.0)[orders["persona"]]


def _rows(store: Store, orders: pd.DataFrame, lines: pd.DataFrame, first: int) -> pd.DataFrame:
    at = lines["place"].to_numpy() - first
    head = np.append(True, at[1:] != at[:-1])
    rows: dict[str, object] = {name: np.full(len(lines), "", dtype=object) for name in SHOPIFY_ORDERS}
    rows |= {name: np.where(head, values[at], "") for name, values in _order_columns(store, orders, first).items()}
    rows |= {"Name": orders["name"].to_numpy()[at], "Email": _emails(store, orders)[at]}
    rows["Created at"] = store.clock.local_stamp(orders["t"].to_numpy())[at]
    rows |= _line_columns(store, lines)
    return pd.DataFrame(rows)[list(SHOPIFY_ORDERS)]


def _money(values: np.ndarray | pd.Series) -> np.ndarray:
    return np.char.mod("%.2f", np.asarray(values, dtype=float))


def _emails(store: Store, orders: pd.DataFrame) -> np.ndarray:
    """The customer's e-mail, now and then in another spelling, and none for strangers at the till."""
    known = store.customers["email"].to_numpy()[np.maximum(orders["customer"], 0)]
    email = np.where(orders["customer"] >= 0, known, "").astype(str)
    return np.where(orders["shouted"], np.char.upper(email), email)


def _order_columns(store: Store, orders: pd.DataFrame, first: int) -> dict[str, np.ndarray]:
    """The columns that stand on an order's first line only."""
    clock, n, t = store.clock, len(orders), orders["t"].to_numpy()
    till = orders["till"].to_numpy()
    payment = np.array(PAYMENTS)[orders["payment"]]
    failed = orders["status"].isin(["voided", "cancelled"]).to_numpy()
    financial = orders["status"].replace("cancelled", "refunded").to_numpy().astype(str)
    sent = np.where(till, t, t + orders["late"].to_numpy())
    fulfilled = ~failed & (sent < clock.seconds)
    consent = store.customers["consent"].to_numpy()[np.maximum(orders["customer"], 0)] & (orders["customer"] >= 0)
    country = np.array(COUNTRIES)[store.customers["country"].to_numpy()[np.maximum(orders["customer"], 0)]]
    code = np.where(orders["code"] >= 0, np.array(CODES)[np.maximum(orders["code"], 0)], "")
    total = orders["total"].to_numpy()
    taxes = _money(total * TAX / (1 + TAX))
    paid = ~np.isin(orders["status"], ["voided", "pending"]) & (payment != _COD)
    method = np.where(till, "", np.where(orders["express"], "Express", "Standard"))
    return {
        "Financial Status": financial,
        "Paid at": np.where(paid, clock.local_stamp(t + 4), ""),
        "Fulfillment Status": np.where(fulfilled, "fulfilled", "unfulfilled"),
        "Fulfilled at": np.where(fulfilled, clock.local_stamp(sent), ""),
        "Accepts Marketing": np.where(consent, "yes", "no"),
        "Currency": np.full(n, "EUR"),
        "Subtotal": _money(orders["subtotal"]),
        "Shipping": _money(orders["shipping"]),
        "Taxes": taxes,
        "Total": _money(total),
        "Discount Code": code,
        "Discount Amount": _money(orders["discount"]),
        "Shipping Method": method,
        "Billing Country": country,
        "Shipping Country": np.where(till, "", country),
        "Cancelled at": np.where(failed, clock.local_stamp(t + 900), ""),
        "Payment Method": payment,
        "Refunded Amount": _money(orders["refunded"]),
        "Outstanding Balance": _money(np.where(orders["status"] == "pending", total, 0.0)),
        "Location": np.where(till, "Berlin", ""),
        "Id": np.char.mod("%d", 6_001_000_000_000 + first + np.arange(n)),
        "Risk Level": np.full(n, "Low"),
        "Source": np.where(till, "pos", "web"),
    }


def _line_columns(store: Store, lines: pd.DataFrame) -> dict[str, np.ndarray]:
    """The columns that stand on every line."""
    products, sku = store.products, lines["sku"].to_numpy()
    listed = lines["list_price"].to_numpy()
    cheaper = lines["price"].to_numpy() < listed
    return {
        "Lineitem quantity": lines["quantity"].to_numpy(),
        "Lineitem name": products["product"].to_numpy()[sku],
        "Lineitem price": _money(lines["price"]),
        "Lineitem compare at price": np.where(cheaper, _money(listed), ""),
        "Lineitem sku": products["sku"].to_numpy()[sku],
        "Vendor": products["vendor"].to_numpy()[sku],
        "Lineitem discount": np.full(len(lines), "0.00"),
    }
