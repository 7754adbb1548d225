"""What will sell?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, demand_controls, progress
from journeylab.app.cards import show
from journeylab.app.shell import page, say

LOOKS = ("What will sell", "Why", "Wanted, not bought", "Returns")

with page(
    "Demand",
    "What will sell, how sure is that, and what did the shop miss?",
    needs=["orders", "order_lines"],
) as shop:
    look = controls.segments("Look at", LOOKS, key="look")
    row = st.container(horizontal=True, vertical_alignment="bottom")
    if look == "What will sell":
        with row:
            asked = demand_controls.periods()
        asked = {**asked, **demand_controls.counting(shop)}
        demand = None
        if not progress.stopped("demand"):
            with progress.told("demand") as tell:
                demand = show(jl.operations.demand, shop, **asked, progress=tell)
        if demand:
            say("One SKU closely: before and after its days out of stock, and what comes.")
            sku = demand_controls.one_of(demand)
            show(jl.operations.outlook, shop, demand=demand, sku=sku)
    elif look == "Why":
        with row:
            what = demand_controls.what(shop)
            causes = demand_controls.prophet(shop, what)
        if not progress.stopped("explain"):
            with progress.told("explain") as tell:
                show(jl.operations.explain, shop, **what, **causes, progress=tell)
    elif look == "Wanted, not bought":
        if shop.has("events.sku"):
            show(jl.operations.interest, shop)
        else:
            st.info("Add web events that name the SKU they are about, to see what is looked at and not bought.")
    else:
        with row:
            by = demand_controls.returned_by()
        show(jl.operations.returns, shop, by=by)
