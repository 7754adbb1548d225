"""The controls of demand: periods and horizon, what counts, bundles as a table, one SKU, and Prophet's sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from ibis import _

from journeylab.app import controls
from journeylab.app.state import visitor
from journeylab.words import listed

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand

EDIT = "bundles"
#: What else counts as demand, where it is not the usual; the page on ordering keeps to it.
COUNTED = "demand counted"
_USUAL = {"returns": "net", "corrected": True}
_RETURNS = {"taken off": "net", "not taken off": "ignore"}
_OUT = {"made up for": True, "as sold": False}
_WIDTH = 220
_ALL = "the whole shop"
_HORIZONS = {"day": (7, 84, 28), "week": (2, 52, 13), "month": (1, 24, 6)}
_MOST = {"all SKUs": None, "top 50": 50, "top 200": 200, "top 500": 500}


def periods() -> dict[str, Any]:
    """Choose the period, how far to look ahead, how many SKUs, and the level of intervals."""
    with st.container(width=_WIDTH):
        every = controls.choice("By", {"week": "week", "day": "day", "month": "month"}, key="every")
    lowest, highest, usual = _HORIZONS[every]
    with st.container(width=_WIDTH):
        horizon = controls.slider(f"{every.capitalize()}s ahead", lowest, highest, usual, key=f"ahead_{every}")
    with st.container(width=_WIDTH):
        top = controls.choice("SKUs, by net value", _MOST, key="top")
    with st.container(width=_WIDTH):
        level = controls.choice("Intervals of", {"80 %": 0.8, "90 %": 0.9, "95 %": 0.95}, key="level")
    asked = {"every": every, "horizon": None if horizon == usual else horizon, "top": top, "level": level}
    return _changed(asked, {"every": "week", "horizon": None, "top": None, "level": 0.8})


def counting(shop: Dataset) -> dict[str, Any]:
    """Choose what counts as demand, how long the contest may take, and what bundles hold."""
    kept = {**_USUAL, **counted(shop)}
    with st.expander("What counts as demand", icon=":material/tune:"):
        st.caption("What is chosen here is kept with the data, and counts for What to order too.")
        with st.container(horizontal=True):
            with st.container(width=_WIDTH):
                before = _word(_RETURNS, kept["returns"])
                returns = controls.choice("Returns", _RETURNS, key="returns", default=before)
            with st.container(width=_WIDTH):
                before = _word(_OUT, kept["corrected"])
                corrected = controls.choice("Days out of stock", _OUT, key="made_up", default=before)
            with st.container(width=_WIDTH):
                contest = controls.choice(
                    "Contest",
                    {"quick": "quick", "full": "full"},
                    key="contest",
                    help="Full judges from eight past days and gives single SKUs their own choice. By week or month, "
                    "Prophet competes too for those that make 80 % of net value; by day it does not. It takes several "
                    "times as long.",
                )
        bundles = _bundles(shop)
    _keep(_changed({"returns": returns, "corrected": corrected}, _USUAL))
    asked = {"returns": returns, "corrected": corrected, "contest": contest, "bundles": bundles or None}
    return _changed(asked, {"returns": "net", "corrected": True, "contest": "quick", "bundles": None})


def counted(shop: Dataset) -> dict[str, Any]:
    """Return what was chosen to count as demand, where it is not the usual: returns, days out of stock, bundles."""
    kept = shop.edits.get(COUNTED)
    said = dict(kept) if isinstance(kept, dict) else {}
    known = {"returns": _RETURNS.values(), "corrected": _OUT.values()}
    said = {name: value for name, value in said.items() if name in known and value in known[name]}
    bundles = shop.edits.get(EDIT)
    return said | ({"bundles": list(bundles)} if bundles else {})


def said_of(counted: dict[str, Any]) -> str:
    """Say what counts as demand, where it is not the usual; empty if it is."""
    parts = [
        *(["returns are not taken off"] if counted.get("returns") == "ignore" else []),
        *(["days out of stock count as sold"] if counted.get("corrected") is False else []),
        *(["bundles count as what is inside"] if counted.get("bundles") else []),
    ]
    return f"As chosen on the Demand page, {listed(parts)}." if parts else ""


def one_of(demand: Demand) -> str:
    """Choose one SKU of a forecast, those with most net value first."""
    named = {f"{row.product} ({row.sku})": str(row.sku) for row in demand.skus.itertuples()}
    return controls.choice("SKU", named, key="sku")


def what(shop: Dataset) -> dict[str, str]:
    """Choose the whole shop, a category or a SKU to explain."""
    from journeylab.operations.sales_series import sales_series

    def known() -> dict[str, dict[str, str]]:
        skus = sales_series(shop, every="month", top=200).skus
        categories = {f"category {name}": {"category": name} for name in sorted(set(skus["category"]))}
        return {_ALL: {}, **categories, **{f"{r.product} ({r.sku})": {"sku": r.sku} for r in skus.itertuples()}}

    options = visitor().remember((shop.fingerprint, "to explain"), known)
    with st.container(width=_WIDTH + 100):
        return controls.choice("Explain", options, key="explained")


def prophet(shop: Dataset, asked: dict[str, str]) -> dict[str, Any]:
    """Choose the country whose holidays count, the causes, and how freely trend and seasons may move."""
    from journeylab.operations.prophet_model import countries

    usual = visitor().remember((shop.fingerprint, "country"), lambda: _country(shop))
    with st.container(width=_WIDTH):
        names = {"none": None, **{code: code for code in countries()}}
        country = controls.choice("Public holidays of", names, key="country", default=usual or "none")
    with st.container(width=_WIDTH):
        bends = controls.slider(
            "Bends of the trend", 1, 50, 5, key="bends", help="In hundredths of Prophet's changepoint prior scale."
        )
    with st.container(width=_WIDTH):
        strength = controls.slider(
            "Strength of seasons", 1, 50, 10, key="strength", help="Prophet's seasonality prior scale."
        )
    causes = {"promotions": shop.has("promotions")}
    if "sku" in asked:
        with st.container(width=_WIDTH):
            causes["price"] = controls.choice("Price", {"left aside": False, "as a cause": True}, key="price")
    return {"country": country, **causes, "changepoint_prior": bends / 100, "seasonality_prior": float(strength)}


def returned_by() -> str:
    """Choose what returns are told by."""
    with st.container(width=_WIDTH):
        named = {"product": "product", "category": "category", "size": "size", "SKU": "sku"}
        return controls.choice("By", named, key="returned_by")


def _word(options: dict[str, Any], value: object) -> str:
    return next(name for name, each in options.items() if each == value)


def _keep(value: dict[str, Any]) -> None:
    who = visitor()
    if who.shop is not None and (who.shop.edits.get(COUNTED) or {}) != value:
        who.shop = who.shop.with_edit(COUNTED, value or None)


def _changed(asked: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """Return what differs from the defaults, so that pages that ask for no more share the result."""
    return {name: value for name, value in asked.items() if value != usual[name]}


def _country(shop: Dataset) -> str | None:
    """Return the country most orders go to, if it is one whose holidays are known."""
    from journeylab.operations.prophet_model import countries

    if not shop.has("orders.country"):
        return None
    orders = shop.sales().filter(_.country.notnull())
    rows = shop.run(orders.group_by("country").agg(n=_.count()).order_by(_.n.desc(), _.country).limit(1))
    code = str(rows["country"].iloc[0]).upper() if len(rows) else ""
    return code if code in countries() else None


def _bundles(shop: Dataset) -> list[dict[str, Any]]:
    """Edit what bundles hold; it is kept with the data."""
    kept = list(shop.edits.get(EDIT) or [])
    st.caption("Bundles: what is sold as one SKU and lies on the shelf as several. A row a bundle and what is inside.")
    empty = [{"bundle_sku": None, "sku": None, "quantity": None}]
    rows = st.data_editor(
        kept or empty,
        num_rows="dynamic",
        hide_index=True,
        key="bundle_rows",
        column_config={
            "bundle_sku": st.column_config.TextColumn("Bundle's SKU"),
            "sku": st.column_config.TextColumn("SKU inside"),
            "quantity": st.column_config.NumberColumn("Units of it", min_value=0.0),
        },
    )
    whole = [
        dict(row) for row in rows if all(row.get(name) not in {None, ""} for name in ("bundle_sku", "sku", "quantity"))
    ]
    who = visitor()
    if whole != kept and who.shop is not None:
        who.shop = who.shop.with_edit(EDIT, whole or None)
    return whole
