"""The workshop: guesses hide what they are about, points follow the rule, dots are counted, leaks are found."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import journeylab as jl
from journeylab.data.demo.leak_stores import LEVELS, Answer, leak_store
from journeylab.journey import workshop
from journeylab.journey.map import Map


def known() -> Map:
    """A map whose data knows two emotions and one share that leaves."""
    chart = Map.blank()

    def fill(data: dict) -> None:
        points = {point["id"]: point for point in data["touchpoints"]}
        cell = {"source": "survey", "n": 100, "text": "CSAT"}
        points["delivery"]["cells"]["emotion"] = {**cell, "value": -1.0, "lower": -1.2, "upper": -0.8}
        points["product"]["cells"]["emotion"] = {**cell, "value": 1.0, "lower": 0.9, "upper": 1.1}
        points["cart"]["cells"]["drop_off"] = {
            **cell,
            "source": "observed",
            "value": 0.35,
            "lower": 0.33,
            "upper": 0.37,
        }
        points["cart"]["pains"] = [{"id": "leak", "text": "mobile", "source": "observed", "kind": "usability"}]

    return chart.changed(fill)


def test_a_guess_in_the_interval_gets_all_points_and_one_outside_loses_by_distance():
    chart = workshop.with_guess(known(), "A", "delivery", emotion=-0.9)
    chart = workshop.with_guess(chart, "A", "product", emotion=0.4)
    chart = workshop.with_guess(chart, "A", "cart", drop_off=0.47)
    chart = workshop.with_guess(chart, "B", "delivery", emotion=2)
    found = workshop.guesses(chart)
    points = found.rows.set_index(["team", "touchpoint"])["points"]
    assert points["A", "Gets the parcel"] == 100
    assert points["A", "Uses the product"] == pytest.approx(75)  # 0.5 off of 2
    assert points["A", "Fills the cart"] == pytest.approx(80)  # 0.10 off of 0.5
    assert points["B", "Gets the parcel"] == 0
    assert found.teams["team"].tolist() == ["A", "B"]
    assert found.teams["points"].tolist() == [pytest.approx(255 / 3), 0]  # what B left out counts 0
    assert found.teams["inside"].tolist() == [1, 0]
    assert found.headline().startswith("A knew best")
    assert found.chart().to_dict()


def test_the_maps_own_guess_is_the_mean_of_the_teams_and_goes_when_they_take_it_back():
    chart = workshop.with_guess(known(), "A", "delivery", emotion=1)
    chart = workshop.with_guess(chart, "B", "delivery", emotion=0)
    assert chart.touchpoint("delivery").value("guess_emotion") == 0.5
    chart = workshop.with_guess(chart, "A", "delivery")
    assert chart.touchpoint("delivery").value("guess_emotion") == 0
    assert workshop.teams_of(chart) == ["B"]
    assert math.isnan(workshop.with_guess(chart, "B", "delivery").touchpoint("delivery").value("guess_emotion"))


def test_what_is_to_be_guessed_is_nowhere_on_the_hidden_map():
    chart = workshop.with_guess(known(), "A", "delivery", emotion=1)
    shown = workshop.hidden(chart).to_json()
    assert "-1.0" not in shown
    assert "0.35" not in shown
    assert not [p.id for p in workshop.hidden(chart).touchpoints if p.cell("volume")]
    asked = {(p.id, what) for p in workshop.hidden(chart).touchpoints for what in workshop.GUESSED if p.cell(what)}
    assert asked == set(workshop.guessable(chart))
    assert not workshop.guessable(workshop.hidden(chart))
    assert "mobile" not in shown
    assert workshop.hidden(chart).touchpoint("delivery").value("guess_emotion") == 1


def test_a_table_of_guesses_is_taken_over_and_bad_guesses_are_refused():
    table = workshop.guesses_of(known(), "A")
    assert list(table.index) == ["cart", "delivery", "product"]
    table.loc["cart", "drop_off"] = 0.4
    chart = workshop.with_guesses(known(), "A", table)
    assert chart.touchpoint("cart").value("guess_drop_off") == 0.4
    assert workshop.with_guesses(chart, "A", workshop.guesses_of(chart, "A")) == chart
    for bad in ({"emotion": 3}, {"drop_off": -0.1}):
        with pytest.raises(jl.BadParameter):
            workshop.with_guess(chart, "A", "cart", **bad)
    with pytest.raises(jl.BadParameter):
        workshop.with_guess(chart, " ", "cart", emotion=1)
    for number in range(workshop.MOST_TEAMS - 1):
        chart = workshop.with_guess(chart, f"T{number}", "cart", drop_off=0.1)
    with pytest.raises(jl.BadParameter):
        workshop.with_guess(chart, "one too many", "cart", drop_off=0.1)


def test_nobody_guessed_is_said():
    assert workshop.guesses(known()).headline() == "No team has guessed yet."


def test_dots_are_counted_over_pains_and_opportunities():
    chart = known().with_opportunity("cart", "do it").with_votes("cart", "leak", 4).with_votes("cart", "do-it", 3)
    assert workshop.dots_left(chart, people=3, each=3) == 2
    assert workshop.dots_left(chart, people=1, each=3) == -4


def test_a_named_leak_gets_points_for_step_and_people():
    answer = Answer(3, "begin_checkout", "mobile", "Paid Social", None, 0.3, 0.6, 1000)

    def points(step: str, **groups: str) -> int:
        return workshop.leak_points(answer, step=step, groups=groups)

    assert points("begin_checkout", device="mobile", channel="Paid Social") == 100
    assert points("begin_checkout", device="mobile") == 75
    assert points("purchase", device="mobile", channel="Email") == 25
    assert points("begin_checkout", device="mobile", channel="Paid Social", country="AT") == 75
    assert points("purchase") == 0
    assert workshop.leak_points(replace(answer, device=None, channel=None), step="begin_checkout", groups={}) == 100


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_each_store_opens_the_same_and_its_leak_is_the_one_that_is_found(level: int):
    shop, answer = leak_store(level)
    steps = ["add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase"]
    by = {1: "device", 2: "country", 3: "marketing_channel"}[level]
    name = {1: answer.device, 2: answer.country, 3: answer.channel}[level]
    found = jl.journey.stake(shop, steps=steps, by=by, unit="session").found()
    assert (found.iloc[0]["group"], found.iloc[0]["step"]) == (name, answer.step)
    assert answer.passed < answer.usual
    assert answer.margin > 0
    shop.close()
