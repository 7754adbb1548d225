"""What are the customers worth?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, value_controls
from journeylab.app.cards import show
from journeylab.app.shell import page, say

with page(
    "Lifetime value",
    "What will the customers bring, how sure is that, and how well would it have been known before?",
    needs=["orders.customer_id"],
) as shop:
    with st.container(horizontal=True):
        weeks = value_controls.weeks_held_out(shop)
        by = value_controls.customers_by(shop)
    say("First the proof: models that saw only the orders before the split, on the weeks after it.")
    tested = show(jl.customers.holdout, shop, weeks=weeks, **value_controls.grouping(shop, by))
    if tested:
        say("Then the value of today's customers, by the model that did best, under your assumptions.")
        assumed = value_controls.assumptions(shop)
        levers = value_controls.levers()
        found = show(jl.customers.lifetime_value, shop, tested=tested, **assumed, **levers)
        if found:
            value_controls.parameters(found)
        show(jl.customers.quiet, shop, tested=tested, horizon=assumed["horizon"], margin=assumed["margin"])
        show(jl.customers.model_fits, shop, tested=tested)
    say(
        "Last, the models themselves: they are given customers simulated with published parameters, to find them again."
    )
    with st.container(width=360):
        seed = controls.slider("Simulation", 1, 20, 1, key="seed", help="Each number draws other customers.")
    show(jl.customers.self_check, shop, seed=seed)
