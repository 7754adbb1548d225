"""What to order, when, and why?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, ordering, progress
from journeylab.app.cards import run, show
from journeylab.app.shell import page

PARTS = ("Order", "Cash", "Season", "One-off buy", "Proof")

with page(
    "What to order",
    "What must be ordered today, of whom, and for how much; what lies too long; and how well that would have done.",
    needs=["orders", "order_lines"],
) as shop:
    part = controls.segments("Look at", PARTS, key="part")
    demand = None
    if part == "Proof":
        asked = ordering.proof(shop)
        if not progress.stopped("replay"):
            with progress.told("replay") as tell:
                show(jl.operations.policy_replay, shop, **asked, progress=tell)
    elif not progress.stopped("demand"):
        asked = ordering.forecast(shop, season=part == "Season")
        with progress.told("demand") as tell:
            demand = run(jl.operations.demand, shop, **asked, progress=tell)
    if demand and part in {"Order", "Cash"}:
        asked = ordering.policy()
        asked.update(ordering.costs(shop))
        typed = ordering.assumptions(shop, demand)
        asked.update({"assumptions": typed} if typed else {})
        if part == "Order":
            glance = st.container()
            found = show(jl.operations.replenishment, shop, demand=demand, **asked)
            if found is not None:
                with glance:
                    ordering.states(found)
                ordering.vendors(found)
        else:
            orders = run(jl.operations.replenishment, shop, demand=demand, **asked)
            show(jl.operations.basket, shop, orders=orders, **ordering.budget(shop, orders))
    elif demand and part == "Season":
        show(jl.operations.seasonal_plan, shop, demand=demand, **ordering.season(shop, demand))
    elif demand:
        show(jl.operations.one_off, shop, demand=demand, **ordering.one_off(shop, demand))
