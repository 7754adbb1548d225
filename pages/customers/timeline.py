"""What did one customer do, from first visit to last ticket?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls
from journeylab.app.cards import show
from journeylab.app.shell import page

with page(
    "Timeline",
    "What did one customer do, from first visit to last support case, and how many visitors can be told?",
    needs=["orders.customer_id"],
) as shop:
    customer = controls.customer(shop)
    if customer:
        show(jl.customers.timeline, shop, customer_id=customer)
    else:
        st.info("Choose a customer, or type a pseudonym from a table you took away.", icon=":material/person_search:")
    if shop.has("events"):
        show(jl.customers.identity, shop)
