"""The controls of demand: periods and horizon, what counts, bundles as a table, one SKU, and Prophet's sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from ibis import _

from journeylab.app import controls
from journeylab.app.state import visitor

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand

EDIT = "bundles"
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
    with st.expander("What counts as demand", icon=":material/tune:"):
        with st.container(horizontal=True):
            with st.container(width=_WIDTH):
                returns = controls.choice("Returns", {"taken off": "net", "not taken off": "ignore"}, key="returns")
            with st.container(width=_WIDTH):
                corrected = controls.choice("Days out of stock", {"made up for": True, "as sold": False}, key="made_up")
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
    asked = {"returns": returns, "corrected": corrected, "contest": contest, "bundles": bundles or None}
    return _changed(asked, {"returns": "net", "corrected": True, "contest": "quick", "bundles": None})


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
