"""Why does another report show other figures?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls
from journeylab.app.cards import show
from journeylab.app.shell import page

LIKE = {
    "journeylab": "journeylab",
    "Shopify, net sales": "shopify_net_sales",
    "Shopify, total sales": "shopify_total_sales",
    "GA4, purchase revenue": "ga4",
}
AS_THERE = {"as there": None}
COUNT = {**AS_THERE, "counted": "count", "left out": "leave_out"}
CANCELLED = {**AS_THERE, "counted": "count", "counted, money taken back": "take_back", "left out": "leave_out"}
ADD = {**AS_THERE, "added": "add", "left out": "leave_out"}
REFUNDS = {**AS_THERE, "taken off": "take_off", "ignored": "ignore"}

with page(
    "Matching",
    "Why don't my numbers match: how revenue and orders get from all rows of the files to the figure a report shows.",
    needs=["orders"],
) as shop:
    with st.container(horizontal=True):
        preset = controls.choice("Count as", LIKE, key="preset")
        zone = controls.zone("In the time zone", shop, key="zone")
    with st.expander("Switch one thing at a time", icon=":material/tune:"), st.grid(3, min_column_width=180):
        cancelled = controls.choice("Cancelled orders", CANCELLED, key="cancelled")
        zero_orders = controls.choice("Free orders", COUNT, key="free")
        guests = controls.choice("Guests", COUNT, key="guests")
        refunds = controls.choice("Refunds", REFUNDS, key="refunds")
        shipping = controls.choice("Shipping", ADD, key="shipping")
        tax = controls.choice("Tax", ADD, key="tax")
    show(
        jl.matching,
        shop,
        preset=preset,
        zone=zone,
        cancelled=cancelled,
        zero_orders=zero_orders,
        guests=guests,
        refunds=refunds,
        shipping=shipping,
        tax=tax,
        seen=st.number_input("The revenue you see there", value=None, min_value=0.0, key="seen", width=260),
    )
