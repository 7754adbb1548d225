"""What do customers say, and whom is it worth writing to?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, feedback_controls
from journeylab.app.cards import run, show
from journeylab.app.shell import page, say

LOOKS = {
    "Scores": jl.customers.feedback,
    "Comments": jl.customers.themes,
    "Support": jl.customers.support,
    "Who answers": jl.customers.response_bias,
    "Win back": jl.customers.closed_loop,
}

with page(
    "Feedback",
    "What do customers say, how sure is that, and whom is it worth writing to?",
    needs=["surveys or tickets"],
) as shop:
    look = feedback_controls.look(shop, LOOKS)
    if look == "Scores":
        feedback_controls.key_scores(shop, jl.customers.feedback)
        asked = feedback_controls.scores(shop)
        show(jl.customers.feedback, shop, **asked)
    elif look == "Comments":
        asked = feedback_controls.comments(shop)
        found = show(jl.customers.themes, shop, **asked)
        if found:
            feedback_controls.quotes(found)
    elif look == "Support":
        asked = feedback_controls.support(shop)
        show(jl.customers.support, shop, **asked)
    elif look == "Who answers":
        with st.container(width=240):
            kind = feedback_controls.kind(shop, key="asked")
        show(jl.customers.response_bias, shop, kind=kind)
    elif look == "Win back":
        say("Customers whose last word was unhappy, by what a contact may recover. The save rate is a guess at first.")
        tested = run(jl.customers.holdout, shop)
        asked = feedback_controls.contact(shop, tested)
        found = show(jl.customers.closed_loop, shop, tested=tested, **asked)
        if found:
            feedback_controls.take_away(shop, found)
        if feedback_controls.was_contacted(shop):
            say("What the last contact did: those contacted beside those held out at random.")
            days = controls.slider("Days after the contact", 7, 365, 90, key="measured")
            effect = show(jl.customers.closed_loop_effect, shop, days=days, margin=asked["margin"], cost=asked["cost"])
            if effect:
                feedback_controls.measured(effect)
