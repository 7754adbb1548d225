"""What does the team believe, what do customers say, and who does what about it?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, map_editor, map_page, map_takeaway, workshop
from journeylab.app.presenter import present_button
from journeylab.app.shell import page

STEPS = ("Guess", "Reveal", "Vote", "Agree", "Find the leak")

with page(
    "Workshop",
    "What does the team believe, what do customers say, and who does what about it?",
) as shop:
    with st.container(horizontal=True, vertical_alignment="center"):
        step = controls.segments("Step", STEPS, key="step")
        present_button()
        workshop.clock()
    if step == "Find the leak":
        workshop.find_the_leak(jl.journey.stake)
    else:
        chart = map_page.chosen(shop, jl.journey.evidence, jl.customers.personas, preview=workshop.preview)
        workshop.offer_demo(chart)
    if step == "Guess":
        workshop.guess(chart)
    if step == "Reveal":
        workshop.reveal(chart)
    if step == "Vote":
        workshop.vote(chart)
    if step == "Agree":
        map_editor.edit(chart, "opportunities", key="agree")
        map_takeaway.downloads(chart)
