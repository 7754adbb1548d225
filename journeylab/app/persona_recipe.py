"""Which personas every page speaks of: those last looked at, or those that were made a column.

Kept with the data is how they were asked for, not their result: features, method and number. Beside it stands what the
team wrote of them; what it wrote of personas that were asked for in another way is set aside, and comes back with them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from journeylab.app import controls, persona_column
from journeylab.app.cards import known, run
from journeylab.app.state import visitor
from journeylab.customers import clusters, features

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.customers.persona_count import PersonaCount
    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

EDIT, SHEETS, ASIDE = "persona_recipe", persona_column.SHEETS, "personas_aside"
METHODS = {"k-means": "kmeans", "Gaussian mixture": "mixture"}

Recipe = dict[str, Any]
Sheets = dict[str, dict[str, str]]


def asked(shop: Dataset) -> Recipe | None:
    """Return how the personas that every page speaks of are asked for; None for the usual ones."""
    return _checked(shop, persona_column.asked(shop) or shop.edits.get(EDIT))


def found(shop: Dataset, *, find: Callable[..., Any] | None = None, named: bool = True) -> Personas:
    """Return the personas that every page speaks of.

    Args:
        shop: The shop.
        find: `jl.customers.personas`, where a page names it itself.
        named: Whether they are called as the team calls them, rather than by the names they were found with.

    Raises:
        NotEnoughData: if there are too few customers, or they do not differ.
    """
    from journeylab.customers.persona_count import persona_count
    from journeylab.customers.personas import personas

    recipe = asked(shop) or {"features": list(features.chosen(shop, None)), "method": clusters.METHODS[0]}
    count = known(persona_count, shop, features=recipe["features"], method=recipe["method"])
    names = called(sheets(count, recipe.get("k", count.suggested))) if named else {}
    return run(find or personas, shop, count=count, k=recipe.get("k", count.suggested), **names)


def begin(shop: Dataset) -> None:
    """Let the controls of the page begin at the personas in use, where the link says nothing else."""
    recipe = asked(shop)
    if recipe is None:
        return
    labels = [features.BY_NAME[name].label for name in recipe["features"]]
    method = [label for label, name in METHODS.items() if name == recipe["method"]]
    number = {"k": [str(recipe["k"])]} if recipe["k"] else {}
    controls.begin_at({"features": labels, "method": method, **number})


def keep(count: PersonaCount, k: int | None) -> dict[str, Any]:
    """Keep how the personas that are looked at were asked for, and return what they are called, as `personas` takes it.

    Where personas were made a column, every page goes on speaking of those.
    """
    shop = visitor().shop
    if shop is None:
        return {}
    if persona_column.asked(shop) is None:
        use(count, k)
    return called(sheets(count, k))


def use(count: PersonaCount, k: int | None) -> None:
    """Let every page speak of these personas; what was written of others is set aside."""
    who, now = visitor(), _recipe(count, k)
    if who.shop is None or _mark(who.shop.edits.get(EDIT)) == _mark(now):
        return
    aside = _aside(who.shop)
    written = who.shop.edits.get(SHEETS)
    if written:
        aside[_mark(who.shop.edits.get(EDIT))] = written
    back = aside.pop(_mark(now), None)
    who.shop = who.shop.with_edit(EDIT, now).with_edit(SHEETS, back).with_edit(ASIDE, aside or None)


def sheets(count: PersonaCount, k: int | None) -> Sheets:
    """Return what the team wrote of these personas, by the names they were found with."""
    shop = visitor().shop
    if shop is None:
        return {}
    key = mark(count, k)
    of = shop.edits.get(SHEETS) if key == _mark(shop.edits.get(EDIT)) else _aside(shop).get(key)
    return {name: sheet for name, sheet in of.items() if isinstance(sheet, dict)} if isinstance(of, dict) else {}


def write(count: PersonaCount, k: int | None, written: Sheets) -> None:
    """Keep what the team wrote of these personas, in the place of what it wrote of them before."""
    who = visitor()
    if who.shop is None:
        return
    written = {name: sheet for name, sheet in written.items() if sheet}
    key = mark(count, k)
    if key == _mark(who.shop.edits.get(EDIT)):
        who.shop = who.shop.with_edit(SHEETS, written or None)
        return
    aside = {other: kept for other, kept in _aside(who.shop).items() if other != key}
    who.shop = who.shop.with_edit(ASIDE, {**aside, **({key: written} if written else {})} or None)


def called(written: Sheets) -> dict[str, Any]:
    """Return the team's names as `personas` takes them; nothing where it gave none."""
    names = {name: str(sheet["name"]) for name, sheet in written.items() if sheet.get("name")}
    return {"names": names} if names else {}


def mark(count: PersonaCount, k: int | None) -> str:
    """Return a text that tells these personas from those asked for in another way; empty for the usual ones."""
    return _mark(_recipe(count, k))


def number(found: Personas) -> int | None:
    """Return how many personas were asked for; None for slices by value."""
    return None if found.model is None else found.model.k


def _aside(shop: Dataset) -> dict[str, Any]:
    aside = shop.edits.get(ASIDE)
    return dict(aside) if isinstance(aside, dict) else {}


def _recipe(count: PersonaCount, k: int | None) -> Recipe | None:
    """Return how personas are asked for; None for the usual ones."""
    who = visitor()
    if count.method == clusters.METHODS[0] and k == count.suggested and who.shop is not None:
        shop = who.shop
        if count.features == who.remember((shop.fingerprint, "usual features"), lambda: features.chosen(shop, None)):
            return None
    return {"features": list(count.features), "method": count.method, "k": k}


def _mark(recipe: Any) -> str:
    return json.dumps([recipe.get(part) for part in ("features", "method", "k")]) if isinstance(recipe, dict) else ""


def _checked(shop: Dataset, recipe: Any) -> Recipe | None:
    """Return a recipe that this shop can follow; what a saved shop asks for is not trusted to make sense."""
    if not isinstance(recipe, dict) or recipe.get("method") not in clusters.METHODS:
        return None
    names, k = recipe.get("features"), recipe.get("k")
    if not isinstance(names, list) or not names or not set(map(str, names)) <= set(features.available(shop)):
        return None
    if k is not None and (not isinstance(k, int) or isinstance(k, bool) or not 2 <= k <= 10):
        return None
    return {"features": list(names), "method": recipe["method"], "k": k}
