"""The sliders of customer value: weeks held out, assumptions about money, and levers on the future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

_WIDTH = 220
_WORDS = {"first_product": "first product", "marketing_channel": "marketing channel", "sales_channel": "sales channel"}


def weeks_held_out(shop: Dataset) -> int | None:
    """Choose how many weeks the models must predict without seeing them; None where the history is too short."""
    if shop.observed is None or shop.period is None:
        return None
    length = ((shop.period[1] - shop.observed[0]).days + 1) // 7
    if length < 8:
        return None
    return controls.slider(
        "Weeks held out",
        2,
        length // 2,
        max(min(length // 3, 52), 2),
        key="weeks",
        help="The models see the orders before these weeks, and are judged on them.",
    )


def customer_group(shop: Dataset, *, key: str) -> str | None:
    """Choose what to group customers by, among what their first purchase says."""
    from journeylab.customers.purchases import groups_of

    having = {_WORDS.get(name, name): name for name in groups_of(shop)}
    return controls.choice("Group by", {"nothing": None, **having}, key=key)


def margin_and_cost(currency: str) -> tuple[float, float]:
    """Choose the margin as a share of net value and what winning a customer costs."""
    with st.container(width=_WIDTH):
        margin = controls.slider("Margin, %", 0, 100, 40, key="margin", help="Of net value, for everything sold.")
    with st.container(width=_WIDTH):
        cost = controls.slider(
            f"Cost of winning a customer, {currency}".rstrip(", "),
            0,
            300,
            0,
            key="cost",
            help="0 leaves it aside; where the shop has spend, Retention then takes it from there.",
        )
    return margin / 100, float(cost)


def assumptions(currency: str) -> dict[str, Any]:
    """Choose horizon, margin, discount rate and cost of winning a customer."""
    with st.container(horizontal=True):
        with st.container(width=_WIDTH):
            horizon = controls.slider("Months ahead", 1, 60, 12, key="horizon")
        with st.container(width=_WIDTH):
            discount = controls.slider("Discount a year, %", 0, 40, 10, key="discount")
        margin, cost = margin_and_cost(currency)
    return {"horizon": horizon, "margin": margin, "discount": discount / 100, "cost": cost}


def levers() -> dict[str, float]:
    """Choose what changes from now on, in per cent of today: order value, purchase rate, customers kept a year."""
    words = {"order_value": "Order value", "pace": "Purchase rate", "retention": "Customers kept a year"}
    with st.container(width=2 * _WIDTH):
        more = controls.choice("What if", {"levers of your own": False, "5 % more retention": True}, key="preset")
    if more:
        return {"order_value": 1.0, "pace": 1.0, "retention": 1.05}
    chosen = {}
    with st.container(horizontal=True):
        for name, label in words.items():
            with st.container(width=_WIDTH):
                chosen[name] = controls.slider(f"{label}, % of today", 80, 120, 100, key=name) / 100
    return chosen
