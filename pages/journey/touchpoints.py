"""Where do visitors leave?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls
from journeylab.app.cards import show
from journeylab.app.shell import page

with page(
    "Touchpoints",
    "Where do visitors leave on their way to an order, and how sure is that?",
    needs=["events"],
) as shop:
    steps = controls.steps(shop)
    with st.container(horizontal=True):
        window = controls.conversion_window()
        by = controls.breakdown(shop)
    show(jl.journey.funnel, shop, steps=steps, window=window, by=by)
