"""What do customers live through on their way, and how is it known?"""

import streamlit as st

import journeylab as jl
from journeylab.app import controls, map_editor, map_keeper, map_page, map_tables, map_takeaway, workshop
from journeylab.app.presenter import present_button, presenting
from journeylab.app.shell import page

LOOKS = ("Map", "Table", "Edit", "Pain points", "Scorecard", "Compare")

with page(
    "Journey map",
    "What do customers live through on their way, stage by stage, and how is it known?",
) as shop:
    look = "Map" if presenting() else controls.segments("Look at", LOOKS, key="look")
    drawn = workshop.preview if map_keeper.hidden() else map_page.preview
    chart = map_page.chosen(shop, jl.journey.evidence, jl.customers.personas, preview=drawn)
    if workshop.still_guessing(chart):
        present_button()
    elif look == "Map":
        map_page.picture(chart)
        with st.container(horizontal=True):
            present_button()
            map_takeaway.downloads(chart)
        map_tables.moved(chart)
    elif look == "Table":
        map_tables.table(chart)
    elif look == "Edit":
        map_editor.editor(chart)
    elif look == "Pain points":
        map_tables.pains(chart)
    elif look == "Scorecard":
        map_editor.scores(chart)
    elif look == "Compare":
        map_page.compare(shop, chart)
    map_page.doubts(chart)
