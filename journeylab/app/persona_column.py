"""The persona of each customer as a column that other pages break down by: asked for once, and kept with the data."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app.state import visitor
from journeylab.call import literal
from journeylab.errors import JourneylabError
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

EDIT, SHEETS = "persona_column", "personas"
_PARTS = ("features", "method", "k", "as_of", "days")


def offer(shop: Dataset, found: Personas) -> None:
    """Offer these personas as a column of the customers; what was asked for is kept with the data, not its result."""
    who = visitor()
    if who.shop is None:
        return
    wish, now = asked(who.shop), _recipe(shop, found)
    with st.container(border=True):
        st.subheader("Use them on the other pages", anchor=False)
        if wish is None:
            st.markdown(
                "Moves, journey maps, Feedback and Lifetime value speak of the personas shown here. Made a column, "
                "they break down Touchpoints, Experiments and Retention too, and stay while others are looked at "
                "here. A saved shop keeps the wish, and finds the same personas when it is opened."
            )
        else:
            st.markdown(
                f":material/check: All pages speak of these, and can break down by persona: {escape(_said(wish))}."
            )
        with st.container(horizontal=True):
            if wish != now and st.button(
                f"Break down by {'these personas' if wish is None else f'the {_said(now)} shown here instead'}",
                icon=":material/groups:",
                key="persona_column_on",
            ):
                from journeylab.app import persona_recipe  # which speaks of the column in its turn

                persona_recipe.use(found.count, persona_recipe.number(found))
                _keep(now)
            if wish is not None and st.button("Leave the column out", key="persona_column_off"):
                _keep(None)


def _keep(recipe: dict[str, Any] | None) -> None:
    who = visitor()
    if who.shop is not None:
        who.shop = who.shop.with_edit(EDIT, recipe)
    st.rerun()


def applied(whole: Dataset) -> Dataset:
    """Return the shop with the column, if it was asked for and can still be worked out."""
    recipe = asked(whole)
    if recipe is None or whole.missing(["orders.customer_id"]):
        return whole
    names = _names(whole)
    key = (whole.fingerprint, "persona column", json.dumps([recipe, names], sort_keys=True))
    try:
        told: Dataset = visitor().remember(key, partial(_with_column, whole, recipe, names))
    except (JourneylabError, TypeError, ValueError):  # what a saved shop asks for is not trusted to make sense
        return whole
    return told.seen_as(whole)


def asked(shop: Dataset) -> dict[str, Any] | None:
    """Return how the personas of the column are asked for; None if there is no such wish."""
    recipe = shop.edits.get(EDIT)
    return recipe if isinstance(recipe, dict) and set(recipe) == set(_PARTS) else None


def _recipe(shop: Dataset, found: Personas) -> dict[str, Any]:
    return {
        "features": list(found.count.features),
        "method": found.count.method,
        "k": None if found.model is None else found.model.k,
        "as_of": found.count.as_of.isoformat() if _as_of(found) else None,
        "days": [day.isoformat() for day in shop.window] if shop.window else None,
    }


def _as_of(found: Personas) -> bool:
    """Say whether the personas stand at a day that the user chose."""
    call = found.count.call
    return call is not None and any(name == "as_of" and value for name, value in call.arguments)


def _names(shop: Dataset) -> dict[str, str]:
    """Return what the team calls the personas, by the names they were found with."""
    kept = shop.edits.get(SHEETS)
    kept = kept if isinstance(kept, dict) else {}
    return {name: str(sheet["name"]) for name, sheet in kept.items() if isinstance(sheet, dict) and sheet.get("name")}


def _with_column(whole: Dataset, recipe: dict[str, Any], names: dict[str, str]) -> Dataset:
    import journeylab as jl

    days = recipe.get("days")
    shop = whole.between(*days) if days else whole
    options = {name: recipe[name] for name in ("features", "method", "as_of") if recipe.get(name)}
    found = jl.customers.personas(shop, **options, **({"k": recipe["k"]} if recipe.get("k") else {}))
    names = {name: said for name, said in names.items() if name in set(found.cards["name"])}
    lines = found.call.lines("personas") if found.call else []
    if days:
        lines[-1] = re.sub(r"\((\s*)shop,", r"(\1period,", lines[-1], count=1)
        lines.insert(0, f'period = shop.between("{days[0]}", "{days[1]}")')
    lines.append(f'shop = shop.with_trait("persona", personas.trait({literal(names)}))')
    return whole.with_trait("persona", found.trait(names), made_by=lines)


def _said(recipe: dict[str, Any]) -> str:
    kinds = f"{recipe['k']} personas" if recipe.get("k") else "slices by value"
    days = recipe.get("days")
    return f"{kinds} of {days[0]} to {days[1]}" if days else kinds
