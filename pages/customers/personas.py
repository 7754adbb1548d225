"""Who are the shop's customers?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls
from journeylab.app.cards import show
from journeylab.app.shell import page

with page(
    "Personas",
    "Who are the customers: how lately, how often and for how much each of them bought.",
    needs=["orders.customer_id"],
) as shop:
    with st.container(width=360):
        bins = controls.slider(
            "Scores from 1 to",
            2,
            10,
            5,
            key="bins",
            help="Each customer is scored against the shop's own customers; 5 gives fifths.",
        )
    show(jl.customers.rfm, shop, bins=bins)
