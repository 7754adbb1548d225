"""The sliders of customer value: weeks held out, assumptions about money, and levers on the future."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, persona_recipe
from journeylab.app.state import visitor
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.customers.lifetime_value import LifetimeValue
    from journeylab.data.dataset import Dataset

_WIDTH, _PERSONA = 196, "persona"
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


def customers_by(shop: Dataset) -> str | None:
    """Choose how to group customers for their value: by persona, or by what their first purchase says."""
    return customer_group(shop, key="value_by", more={"persona": _PERSONA})


def grouping(shop: Dataset, by: str | None) -> dict[str, Any]:
    """Return the arguments that group customers so; personas are worked out first where they are asked for."""
    found = by == _PERSONA and not shop.has("customers.persona")
    return {"personas": persona_recipe.found(shop)} if found else {"by": by}


def customer_group(shop: Dataset, *, key: str, more: dict[str, str] | None = None) -> str | None:
    """Choose what to group customers by, among what their first purchase says."""
    from journeylab.customers.purchases import groups_of

    having = {_WORDS.get(name, name): name for name in groups_of(shop)}
    return controls.choice("Group by", {"nothing": None, **(more or {}), **having}, key=key)


def horizon() -> int:
    """Choose how many months to look ahead."""
    with st.container(width=_WIDTH):
        return controls.slider("Months ahead", 1, 60, 12, key="horizon")


def margin(shop: Dataset) -> float:
    """Choose the margin as a share of net value, at first by the shop's costs."""
    from journeylab.customers.margin import USUAL, share_of_net

    known = visitor().remember((shop.fingerprint, "margin share"), lambda: share_of_net(shop))
    told = not math.isnan(known)
    usual = min(max(round(100 * known), 0), 100) if told else round(100 * USUAL)
    source = "It starts at what your unit costs come to." if told else "Your files have no unit costs to take it from."
    with st.container(width=_WIDTH):
        return controls.slider("Margin, %", 0, 100, usual, key="margin", help=f"Of net value. {source}") / 100


def margin_and_cost(shop: Dataset) -> tuple[float, float]:
    """Choose the margin as a share of net value, and what winning a customer costs, at first by the shop's spend."""
    from journeylab.customers.acquisition import cost_of_winning

    share = margin(shop)
    spent = visitor().remember((shop.fingerprint, "cost of winning"), lambda: cost_of_winning(shop))
    start = round(spent)
    source = "It starts at all spend over all new customers of its days" if spent else "Your files have no spend"
    with st.container(width=_WIDTH):
        cost = controls.slider(
            f"Cost of winning a customer, {escape(shop.currency)}".rstrip(", "),
            0,
            max(300, 4 * start),
            start,
            key="cost",
            help=f"{source}; 0 leaves it aside.",
        )
    return share, spent if cost == start and spent else float(cost)


def assumptions(shop: Dataset) -> dict[str, Any]:
    """Choose horizon, margin, discount rate and cost of winning a customer."""
    with st.container(horizontal=True):
        months = horizon()
        with st.container(width=_WIDTH):
            discount = controls.slider("Discount a year, %", 0, 40, 10, key="discount")
        share, cost = margin_and_cost(shop)
    return {"horizon": months, "margin": share, "discount": discount / 100, "cost": cost}


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


def parameters(found: LifetimeValue) -> None:
    """Show the models' parameters with their standard errors, for whoever checks them."""
    with st.expander("The models' parameters", icon=":material/function:"):
        st.caption("By maximum likelihood on the whole history; times in weeks. They are in the workbook too.")
        st.dataframe(found.parameters, hide_index=True, alt="The models' parameters", placeholder="–")
