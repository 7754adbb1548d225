"""Who are the shop's customers?"""

import streamlit as st

import journeylab as jl
from journeylab.app import (
    audiences,
    controls,
    moves,
    persona_column,
    persona_recipe,
    persona_sheet,
    rfm_controls,
    rosters,
)
from journeylab.app.cards import attempt, show
from journeylab.app.shell import page
from journeylab.customers.segments import LABELS, possible

PARTS = ("Scores", "Personas", "Segments", "Moves")

with page(
    "Personas",
    "Who are the customers, how sure are we that they are of different kinds, and who moves between them.",
    needs=["orders.customer_id"],
) as shop:
    part = controls.segments("Look at", PARTS, key="part")
    if part == "Scores":
        options = rfm_controls.options(shop)
        scores = show(jl.customers.rfm, shop, **options)
        if scores is not None:
            rules = rfm_controls.rules(shop)
            named = show(jl.customers.rfm_groups, shop, **options, **({"groups": rules} if rules else {}))
            rosters.offer("Every customer's scores and group", (named or scores).roster, name="rfm-scores")
            if named is not None:
                audiences.take_away(shop, named)
    if part == "Personas":
        wide, narrow = st.columns([3, 1])
        with wide:
            features = persona_sheet.features(shop)
        with narrow:
            method = controls.choice("Method", persona_recipe.METHODS, key="method")
        count = show(jl.customers.persona_count, shop, features=features, method=method)
        if count is not None:
            k = persona_sheet.number_of_personas(count)
            found = show(jl.customers.personas, shop, count=count, k=k, **persona_recipe.keep(count, k))
            if found is not None:
                places = persona_sheet.sheets(found)
                rosters.offer("Every customer's persona", found.roster, name="personas")
                tested = attempt(jl.customers.holdout, shop)
                proof = {"tested": tested} if tested is not None else {}
                value = show(
                    jl.customers.persona_value, shop, personas=found, margin=persona_sheet.margin(shop), **proof
                )
                persona_sheet.worth(places, value)
                persona_column.offer(shop, found)
                seen = controls.segments("See", persona_sheet.looks(found), key="see")
                if seen == "On a map":
                    show(jl.customers.persona_map, shop, personas=found, **persona_sheet.axes(found))
                if seen == "As rules":
                    show(jl.customers.persona_rules, shop, personas=found)
                if seen == "Against RFM groups":
                    named = attempt(jl.customers.rfm_groups, shop, as_of=found.count.as_of, **rfm_controls.kept(shop))
                    show(jl.customers.crosswalk, shop, personas=found, **({"named": named} if named else {}))
                if seen == "As an audience":
                    audiences.take_away(shop, found)
    if part == "Segments":
        with st.container(width=360):
            by = controls.choice("Segments by", {LABELS[name]: name for name in possible(shop)}, key="by")
        show(jl.customers.segments, shop, by=by)
    if part == "Moves":
        show(jl.customers.migration, shop, **moves.chosen(shop))
