"""Where do visitors leave, and what does it cost?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, figures, funnel_rules, funnel_steps, funnels, own_events
from journeylab.app.cards import show
from journeylab.app.shell import page

LOOKS = ("Funnel", "Money", "Paths", "Visits", "Friction", "Checkout", "Carts and search", "What if", "Who left")

with page(
    "Touchpoints",
    "Where do visitors leave on their way to an order, and how sure is that?",
    needs=["events"],
) as shop:
    look = controls.segments("Look at", LOOKS, key="look")
    steps = funnel_steps.steps(shop) if look in {"Funnel", "Money", "Who left"} else []
    row = st.container(horizontal=True, vertical_alignment="bottom")
    if look == "Funnel":
        with row:
            asked = {"window": funnel_rules.conversion_window(), **funnels.groups(shop), **funnel_rules.of_funnel(shop)}
        show(jl.journey.funnel, shop, steps=steps, **asked)
    elif look == "Money":
        with row:
            window, by, asked = funnel_rules.conversion_window(), controls.breakdown(shop), funnels.worth(shop)
            strata = funnels.strata(shop, by)
        funnel_rules.money_apart()
        above = st.container()
        found = show(jl.journey.stake, shop, steps=steps, window=window, by=by, strata=strata, **asked)
        with above:
            figures.bounds(found)
    elif look == "Paths":
        with row:
            asked = {**funnels.way(shop), **funnels.pair(shop)}
        show(jl.journey.paths, shop, **asked)
    elif look == "Visits":
        with row:
            gap, asked = funnel_rules.gap(), funnels.groups(shop)
            own = own_events.said(shop, own_events.PURCHASE)
        above = st.container()
        found = show(jl.journey.sessions, shop, gap=gap, **asked, **own.conversion)
        with above:
            figures.visits(found)
    elif look == "Friction":
        with row:
            gap, margin, asked = funnel_rules.gap(), funnels.margin(), funnels.groups(shop)
            within, signs = funnels.alike(shop, asked["by"]), funnels.signs(shop)
            own = own_events.said(shop, own_events.PURCHASE)
        show(jl.journey.friction, shop, gap=gap, margin=margin, **asked, within=within, **signs, **own.goal)
    elif look == "Checkout":
        with row:
            two, own = funnels.pair(shop), own_events.said(shop, own_events.PURCHASE, own_events.CHECKOUT)
        show(jl.journey.checkout, shop, **two, **own.begin, **own.goal)
    elif look == "Carts and search":
        with row:
            days = controls.slider("Days in which a cart may come back", 1, 30, 7, key="back")
            two, own = funnels.pair(shop), own_events.said(shop, own_events.PURCHASE, own_events.CART)
            reminders = funnels.reminders(shop)
        show(jl.journey.carts, shop, days=days, **two, **own.cart, **own.goal, **reminders)
        if shop.has("events.query"):
            show(jl.journey.searches, shop, **two, **own.goal)
    elif look == "What if":
        with row:
            asked = {**funnels.transition(shop), **funnels.pair(shop)}
            own = own_events.said(shop, own_events.PURCHASE)
        show(jl.journey.what_if, shop, **asked, **own.goal)
    else:
        with row:
            at, window, two = funnels.place(steps), funnel_rules.conversion_window(), funnels.pair(shop)
            rules = funnel_rules.of_dropped(shop)
        funnel_rules.dropped_apart()
        show(jl.journey.dropped, shop, steps=steps, at=at, window=window, **two, **rules)
