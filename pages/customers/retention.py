"""Do customers come back?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, value_controls
from journeylab.app.cards import show
from journeylab.app.shell import page

with page(
    "Retention",
    "Who comes back, how soon, and when has a customer earned back the cost of winning them?",
    needs=["orders.customer_id"],
) as shop:
    with st.container(horizontal=True):
        unit = controls.choice("By", {"month": "month", "week": "week"}, key="unit")
        margin, cost = value_controls.margin_and_cost(shop)
    show(jl.customers.cohorts, shop, unit=unit, margin=margin, cost=cost)
    with st.container(width=360):
        by = value_controls.customer_group(shop, key="again_by")
    show(jl.customers.second_order, shop, by=by)
