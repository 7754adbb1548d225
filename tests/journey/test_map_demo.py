"""The demo store's map finds what was planted: the leak of mobiles, the parcels of one persona, the NPS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import journeylab as jl
from journeylab import words
from journeylab.customers.answers import placed
from journeylab.journey.map import Map
from journeylab.journey.map_voices import feeling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journeylab.data.dataset import Dataset

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo() -> Iterator[Dataset]:
    """The demo store."""
    shop = jl.demo()
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def truths() -> dict[str, Any]:
    """What is planted in it."""
    return json.loads((SAMPLE / "truths.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def everyone(demo: Dataset) -> Map:
    """Everyone's map."""
    return Map.from_data(demo, pains=False)


def test_everyones_map_finds_the_leak_with_its_money_and_the_nps_inside_its_interval(
    demo: Dataset, truths: dict[str, Any], everyone: Map
):
    chart = everyone
    leak, top = truths["leaks"][0], chart.pains().iloc[0]
    assert (top["at"], top["id"]) == ("payment", "leak-mobile")
    assert top["of"] <= leak["visitors_at_the_step_before"]
    assert top["margin_lower"] < leak["margin_at_stake_by_visitors"] < top["margin_upper"]
    assert top["margin_upper"] - top["margin_lower"] < 0.2 * top["margin"]
    assert top["lower"] < top["n"] / top["of"] < top["upper"]
    money = (words.money(top[name], demo.currency) for name in ("margin_lower", "margin_upper"))
    assert " of margin ({} to {}).".format(*money) in chart.headline()
    asked = chart.touchpoint("recommend").cell("emotion")
    assert asked.n == truths["feedback"]["nps_answers"]
    assert asked.value * 50 == pytest.approx(truths["feedback"]["nps_of_answers"])
    assert asked.lower * 50 < truths["feedback"]["nps_of_all_customers"] < asked.upper * 50
    counts = truths["counts"]["events_by_name"]
    seen = chart.touchpoint("order").cell("actions")
    assert seen.value * seen.n == pytest.approx(counts["purchase"])


def test_the_parcels_of_the_persona_they_hurt_are_ranked_first_and_differ_from_those_of_all_others(
    demo: Dataset, everyone: Map
):
    found = jl.customers.personas(demo)
    name = next(name for name in found.cards["name"] if "Gifts" in name)
    mine = Map.from_data(demo, persona=name, personas=found, pains=False)
    top = mine.pains().iloc[0]
    assert (top["at"], top["kind"], top["source"], top["clear"]) == ("delivery", "emotional", "survey", True)
    assert top["lower"] < top["n"] / top["of"] < top["upper"]
    differs = mine.difference(everyone)
    assert not {"Leave here", "Margin at stake", "Visitors", "Time to the next"} & set(
        differs.rows.loc[differs.rows["touchpoint"] == "Pays", "what"]
    )
    felt = differs.rows[(differs.rows["what"] == "Emotion") & (differs.rows["touchpoint"] == "Gets the parcel")].iloc[0]
    assert felt["clear"]
    assert felt["upper"] < 0
    who = found.assignments
    members = demo.run(who.filter(who.name == name).select("customer_id").distinct())["customer_id"]
    told = demo.run(placed(demo, ("csat", "ces", "nps")))
    about = set(everyone.touchpoint("delivery").about) | {"delivery", "gets the parcel"}
    others = told[
        told["touchpoint"].str.lower().isin(about) & ~told["customer_id"].isin(members) & told["score"].notna()
    ]
    each = [feeling(str(kind), part["place"]) for kind, part in others.groupby("kind")]
    assert felt["value_other"] == pytest.approx(pd.concat(each).mean())
    assert f"n = {len(others):,}" in felt["other"]
