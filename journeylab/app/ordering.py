"""The controls of ordering: the sliders, the terms a SKU edited in a table and kept, and the states at a glance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from journeylab import words
from journeylab.app import controls, demand_controls
from journeylab.app.state import visitor
from journeylab.charts.stock import STATES
from journeylab.errors import BadParameter
from journeylab.operations.terms import NUMBERS, TEXTS, overrides
from journeylab.report import workbook
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.replenishment import Replenishment

EDIT = "replenishment"
_WIDTH = 170
_COLOURS = {
    "out of stock": "red", "will run out": "orange", "order now": "yellow", "fine": "green", "overstock": "blue",
    "just in": "green", "not selling": "gray", "stock not known": "gray",
}  # fmt: skip
_ICONS = {
    "out of stock": "block", "will run out": "trending_down", "order now": "shopping_cart", "fine": "check_circle",
    "overstock": "inventory_2", "just in": "fiber_new", "not selling": "bedtime", "stock not known": "help",
}  # fmt: skip
_ORDER: dict[str, Any] = {
    "sku": "SKU",
    "product": "Product",
    "order": st.column_config.NumberColumn("Units", format="localized"),
    "unit_cost": st.column_config.NumberColumn("Cost a unit", format="%.2f"),
    "cost": st.column_config.NumberColumn("Cost", format="%.2f"),
    "order_by": st.column_config.DateColumn("Order by"),
}
_TITLES = {
    "vendor": "Vendor", "unit_cost": "Cost a unit", "lead_time_days": "Lead time, days", "lead_time_sd": "± days",
    "moq": "Smallest order", "pack_size": "Pack", "on_hand": "On hand",
}  # fmt: skip


def forecast(shop: Dataset, *, season: bool) -> dict[str, Any]:
    """Return what counts as demand, as chosen on its page, and for a season how far to look ahead."""
    asked = demand_controls.counted(shop)
    if said := demand_controls.said_of(asked):
        st.caption(said)
    if season:
        with st.container(width=2 * _WIDTH):
            weeks = controls.slider(
                "Weeks ahead", 4, 52, 13, key="season_weeks", help="Another number is forecast anew."
            )
        asked |= {"horizon": weeks} if weeks != 13 else {}
    return asked


def policy() -> dict[str, Any]:
    """Choose service, review and lead time: the sliders of an order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=_WIDTH):
            service = controls.slider(
                "Service level, %", 50, 99, 95, key="service", help="More service needs more safety stock."
            )
        with st.container(width=_WIDTH):
            measure = controls.choice(
                "It means",
                {"no stock-outs": "cycle", "units served": "fill"},
                key="measure",
                help="The chance that nothing runs out until the next delivery, or the share of units served.",
            )
        with st.container(width=_WIDTH):
            review = controls.slider("Days between orders", 0, 60, 7, key="review", help="How often you order.")
        with st.container(width=_WIDTH):
            lead = controls.slider(
                "Lead time, days", 0, 120, 14, key="lead", help="For SKUs whose lead time nothing says."
            )
        with st.container(width=_WIDTH):
            spread = controls.slider(
                "Lead time, ± days",
                0,
                30,
                3,
                key="lead_sd",
                help="Their standard deviation.",
            )
    return {"service": service / 100, "measure": measure, "review": review, "lead_time": lead, "lead_time_sd": spread}


def costs(shop: Dataset) -> dict[str, float]:
    """Choose what an order costs and what holding costs, and what counts as overstock."""
    with st.expander("Costs and overstock", icon=":material/payments:"), st.container(horizontal=True):
        with st.container(width=_WIDTH):
            order = controls.slider(
                f"An order costs, {escape(shop.currency)}".rstrip(", "),
                0,
                200,
                0,
                key="order_cost",
                help="A SKU. 0 leaves it aside: orders then bring the stock up to its level, however small.",
            )
        with st.container(width=_WIDTH):
            holding = controls.slider("Holding, % of cost a year", 1, 100, 25, key="holding")
        with st.container(width=_WIDTH):
            over = controls.slider("Overstock from, days of cover", 30, 365, 120, key="overstock")
    said: dict[str, float] = {"overstock_days": float(over)}
    return said | ({"order_cost": float(order), "holding_cost": holding / 100} if order else {})


def assumptions(shop: Dataset, demand: Demand) -> list[dict[str, Any]] | None:
    """Edit the terms of each SKU in place; what is typed is kept with the data. None if nothing was typed."""
    from journeylab.operations.terms import listed

    kept = kept_assumptions(shop)
    with st.expander("Terms of each SKU", icon=":material/edit_note:"):
        st.caption(
            "What you type goes before what the files say, and is kept with the data. Empty cells follow the sliders; "
            "stock on hand can be typed where no file knows it."
        )
        products = visitor().remember((shop.fingerprint, "listed products"), lambda: listed(shop))
        listed_terms = visitor().remember(_key(shop, demand), lambda: _terms(demand, products))
        edited = st.data_editor(
            _typed_over(listed_terms, kept),
            hide_index=True,
            key="terms",
            height=320,
            disabled=["sku", "product"],
            column_config={
                "sku": st.column_config.TextColumn("SKU"),
                "product": st.column_config.TextColumn("Product"),
                "vendor": st.column_config.TextColumn(_TITLES["vendor"]),
                **{name: st.column_config.NumberColumn(_TITLES[name], min_value=low) for name, low in NUMBERS.items()},
            },
        )
        if kept and st.button("Back to what the files say", key="terms_reset"):
            _keep(None)
            del st.session_state["terms"]
            st.rerun()
    changed = _changes(listed_terms, edited)
    if changed != (kept or []):
        _keep(changed or None)
    return changed or None


def kept_assumptions(shop: Dataset) -> list[dict[str, Any]] | None:
    """Return what was typed before; nothing where it cannot be read."""
    kept = shop.edits.get(EDIT)
    if not kept:
        return None
    try:
        overrides(kept)
    except (BadParameter, AttributeError, TypeError):
        return None
    return list(kept)


def budget(shop: Dataset, orders: Replenishment) -> dict[str, Any]:
    """Choose how much money there is, up to what all orders would take, and whether later customer value counts."""
    needed = max(int(np.ceil(np.nansum(orders.rows["cost"]))), 1)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=2 * _WIDTH):
            money = controls.slider(
                f"Money there is, {escape(shop.currency)}".rstrip(", "), 0, needed, needed // 2, key="cash"
            )
        later = True
        if shop.has("orders.customer_id"):
            counted = {"with the later orders of new customers": True, "by margin alone": False}
            later = controls.choice("Value", counted, key="later")
    return {"budget": float(money), "customer_value": later}


def season(shop: Dataset, demand: Demand) -> dict[str, Any]:
    """Choose a SKU and what ordering and holding it costs."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sku = one_sku(demand)
        with st.container(width=_WIDTH):
            order = controls.slider(f"An order costs, {escape(shop.currency)}".rstrip(", "), 1, 500, 50, key="lot_cost")
        with st.container(width=_WIDTH):
            holding = controls.slider("Holding, % of cost a year", 1, 100, 25, key="lot_holding")
        cost = _typed("Cost a unit", shop, key="lot_unit_cost")
    return {"sku": sku, "order_cost": float(order), "holding_cost": holding / 100, **_known(shop, unit_cost=cost)}


def one_off(shop: Dataset, demand: Demand) -> dict[str, Any]:
    """Choose a SKU to learn from, how long it sells, how much better than usual, and what leftovers bring."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sku = one_sku(demand)
        with st.container(width=_WIDTH):
            days = controls.slider("Days on sale", 1, 180, 60, key="sale_days")
        with st.container(width=_WIDTH):
            uplift = controls.slider("Demand, % of that SKU's", 10, 300, 100, key="uplift")
        with st.container(width=_WIDTH):
            salvage = controls.slider(
                f"Left over brings, {escape(shop.currency)}".rstrip(", "), 0, 200, 0, key="salvage"
            )
        cost = _typed("Cost a unit", shop, key="once_cost")
        price = _typed("Price a unit, net", shop, key="once_price")
    asked = {"sku": sku, "days": days, "uplift": uplift / 100, "salvage": float(salvage)}
    return {**asked, **_known(shop, unit_cost=cost, price=price)}


def _typed(label: str, shop: Dataset, *, key: str) -> float | None:
    """Take an amount of money; None where nothing is typed."""
    return st.number_input(
        f"{label}, {escape(shop.currency)}".rstrip(", "), min_value=0.0, value=None, key=key, width=_WIDTH,
        placeholder="as known", help="Typed here it goes before the terms, the list of products and the order lines.",
    )  # fmt: skip


def _known(shop: Dataset, **typed: float | None) -> dict[str, Any]:
    """Return the amounts that were typed, and the terms that are kept."""
    kept = kept_assumptions(shop)
    return {name: value for name, value in typed.items() if value is not None} | ({"assumptions": kept} if kept else {})


def one_sku(demand: Demand) -> str:
    """Choose one SKU among those forecast."""
    named = {f"{row.product} · {row.sku}"[:90]: str(row.sku) for row in demand.skus.itertuples()}
    with st.container(width=2 * _WIDTH):
        return controls.choice("SKU", named, key="sku")


def proof(shop: Dataset) -> dict[str, Any]:
    """Choose what is replayed: the policy's service and rhythm, the rule of thumb's days, and how long."""
    asked = policy()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=_WIDTH):
            days = controls.slider("Days replayed", 14, 180, 90, key="replayed")
        with st.container(width=_WIDTH):
            cover = controls.slider("The rule buys for days", 7, 120, 30, key="rule_days")
    if demand_controls.counted(shop):
        st.caption("The replay counts demand as usual: returns off, days out of stock made up for, bundles as sold.")
    kept = kept_assumptions(shop)
    asked |= {"review": max(asked["review"], 1), "days": days, "cover": cover}
    return asked | ({"assumptions": kept} if kept else {})


def states(found: Replenishment) -> None:
    """Say how many SKUs are in each state, by word, icon and colour."""
    counts = found.rows["status"].value_counts()
    with st.container(horizontal=True):
        for state in STATES:
            if state in counts:
                text = f"{words.count(counts[state])} {state}"
                st.badge(text, icon=f":material/{_ICONS[state]}:", color=_COLOURS[state])  # type: ignore[arg-type]


@st.fragment
def vendors(found: Replenishment) -> None:
    """Show what to order of each vendor, and offer each list as CSV; a list is made when it is opened."""
    lists = found.sheets()
    if not lists:
        return
    st.subheader("By vendor", anchor=False)
    st.caption("The workbook among the downloads above has a sheet a vendor.")
    for place, (vendor, rows) in enumerate(lists.items()):
        total = f", {words.money(float(rows['cost'].sum()), found.currency)}" if rows["cost"].notna().any() else ""
        title = f"{vendor}: {words.count(len(rows), 'SKU')}{total}"
        part = st.expander(escape(title), icon=":material/local_shipping:", key=f"vendor_{vendor}", on_change="rerun")
        if part.open:
            with part:
                _purchase_list(rows, title, f"order-{found.as_of.isoformat()}-{place + 1}.csv")


def _purchase_list(rows: pd.DataFrame, title: str, file: str) -> None:
    st.dataframe(rows, hide_index=True, alt=title, placeholder="–", column_config=_ORDER)
    st.download_button(
        "Download as CSV",
        partial(workbook.plain_csv, rows),
        file_name=file,
        mime="text/csv",
        icon=":material/download:",
        key=f"{file}_csv",
        on_click="ignore",
    )


def _key(shop: Dataset, demand: Demand) -> tuple[str, ...]:
    return (shop.fingerprint, "terms", demand.call.python() if demand.call else "")


def _terms(demand: Demand, products: pd.DataFrame) -> pd.DataFrame:
    """Return what the list says of each SKU, a row each, in the columns of the table to edit."""
    skus = demand.skus[["sku", "product"]].reset_index(drop=True)
    own = products.drop_duplicates("sku").set_index("sku").reindex(skus["sku"], columns=[*TEXTS, *NUMBERS])
    return pd.concat([skus, own.reset_index(drop=True)], axis=1).astype(dict.fromkeys(NUMBERS, float))


def _typed_over(listed_terms: pd.DataFrame, kept: list[dict[str, Any]] | None) -> pd.DataFrame:
    """Return the table to edit: what the list says, with what was typed over it."""
    if not kept:
        return listed_terms
    typed = overrides(kept).reindex(listed_terms["sku"]).reset_index(drop=True)
    return listed_terms.assign(
        **{name: typed[name].where(typed[name].notna(), listed_terms[name]) for name in (*TEXTS, *NUMBERS)}
    )


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the cells that differ from what the files say, as rows with a SKU; an emptied cell does not count."""
    columns = [*TEXTS, *NUMBERS]
    now = after[columns]
    differ = now.notna() & now.ne("") & now.ne(before[columns])
    rows = []
    for place in np.flatnonzero(differ.any(axis=1)):
        cells = now.iloc[place][differ.iloc[place].to_numpy()]
        typed = {name: value if name in TEXTS else float(value) for name, value in cells.items()}
        rows.append({"sku": after["sku"].iloc[place], **typed})
    return rows


def _keep(value: list[dict[str, Any]] | None) -> None:
    who = visitor()
    if who.shop is not None and who.shop.edits.get(EDIT) != value:
        who.shop = who.shop.with_edit(EDIT, value)
