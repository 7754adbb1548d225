"""The demo store's map finds what was planted: the leak of mobiles, the parcels of one persona, the NPS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import journeylab as jl
from journeylab.journey.map import Map

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


def test_everyones_map_finds_the_leak_with_its_money_and_the_nps_inside_its_interval(
    demo: Dataset, truths: dict[str, Any]
):
    chart = Map.from_data(demo, pains=False)
    leak, top = truths["leaks"][0], chart.pains().iloc[0]
    assert (top["at"], top["id"]) == ("payment", "leak-mobile")
    assert top["of"] <= leak["visitors_at_the_step_before"]
    assert top["margin"] == pytest.approx(leak["margin_at_stake_by_visitors"], rel=1.0)
    asked = chart.touchpoint("recommend").cell("emotion")
    assert asked.n == truths["feedback"]["nps_answers"]
    assert asked.value * 50 == pytest.approx(truths["feedback"]["nps_of_answers"])
    assert asked.lower * 50 < truths["feedback"]["nps_of_all_customers"] < asked.upper * 50
    counts = truths["counts"]["events_by_name"]
    seen = chart.touchpoint("order").cell("actions")
    assert seen.value * seen.n == pytest.approx(counts["purchase"])


def test_the_parcels_of_the_persona_they_hurt_are_ranked_first_with_their_evidence(demo: Dataset):
    found = jl.customers.personas(demo)
    name = next(name for name in found.cards["name"] if "Gifts" in name)
    top = Map.from_data(demo, persona=name, personas=found, pains=False).pains().iloc[0]
    assert (top["at"], top["kind"], top["source"], top["clear"]) == ("delivery", "emotional", "survey", True)
    assert top["lower"] < top["n"] / top["of"] < top["upper"]
