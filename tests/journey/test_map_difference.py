"""Two maps beside each other: like is compared with like, a part with the rest, and chance is no difference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeylab.intervals import of_mean, wilson
from journeylab.journey.map import Map
from journeylab.journey.map_figures import beyond, gap, rest
from journeylab.journey.map_model import Cell

PERIOD = ["2026-01-01", "2026-03-31"]


def mean(values: np.ndarray) -> Cell:
    """The mean of answers as a map has it, its interval cut at the ends of the scale."""
    lower, upper = of_mean(values.sum(), (values**2).sum(), len(values))
    return Cell(source="survey", value=values.mean(), n=len(values), lower=max(lower, -2), upper=min(upper, 2))


def share(n: int, of: int, **more: Any) -> Cell:
    lower, upper = (float(end) for end in wilson(n, of))
    return Cell(source="observed", value=n / of, n=n, of=of, lower=lower, upper=upper, **more)


def chart(cells: dict[tuple[str, str], Cell], persona: str | None = None, period: list[str] = PERIOD) -> Map:
    """A map with these cells."""
    data = Map.blank(persona=persona).data() | {"period": period, "currency": "EUR"}
    for point in data["touchpoints"]:
        for (at, lane), cell in cells.items():
            if at == point["id"]:
                known = {
                    k: v
                    for k, v in cell.__dict__.items()
                    if v not in {None, ""} and not (isinstance(v, float) and math.isnan(v))
                }
                point["cells"][lane] = {**known, "text": f"{cell.value:.4f} of {cell.n}"}
    return Map.of(data)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-2, 2), min_size=12, max_size=60).filter(lambda x: len(set(x)) > 1),
    st.lists(st.integers(-2, 2), min_size=2, max_size=60),
)
def test_the_rest_of_a_whole_is_that_of_those_who_are_not_in_the_part(others: list[int], part: list[int]):
    far, near = np.array(others, float), np.array(part, float)
    found, true = rest(mean(np.concatenate([far, near])), mean(near)), mean(far)
    assert found is not None
    assert (found.n, found.value) == (true.n, pytest.approx(true.value, abs=1e-9))
    known = any(abs(end) < 2 for end in (mean(near).lower, mean(near).upper)) or len(set(part)) == 1
    tolerance = 1e-6 if known else 2.0  # of a part whose interval is cut at both ends the spread is not known whole
    assert true.lower - tolerance <= max(found.lower, -2) <= true.lower + 1e-6
    assert true.upper - 1e-6 <= min(found.upper, 2) <= true.upper + tolerance
    yes = [int((x > 0).sum()) for x in (far, near)]
    counted = rest(share(sum(yes), len(far) + len(near)), share(yes[1], len(near)))
    expected = share(yes[0], len(far))
    assert counted is not None
    assert (counted.n, counted.of, counted.lower) == (expected.n, expected.of, pytest.approx(expected.lower))


def test_too_few_others_are_not_shown_and_counts_that_do_not_fit_are_no_part():
    assert rest(share(20, 50), share(15, 45)) is None
    assert rest(share(20, 500), share(30, 100)) is None
    assert rest(Cell(value=40.0, n=40), Cell(value=20.0, n=20)) is None


def test_of_a_hundred_figures_that_differ_by_chance_alone_hardly_any_is_called_beyond_noise():
    rng = np.random.default_rng(5)
    alarms = planted = 0
    for _ in range(200):
        scores = rng.integers(-2, 3, size=(20, 120)).astype(float)
        pairs = [(mean(row[:50]), mean(row[50:])) for row in scores]
        n = rng.binomial([[80], [200]], 0.3, size=(2, 20))
        pairs += [(share(int(a), 80), share(int(b), 200)) for a, b in n.T]
        clear = beyond([gap(one, other) for one, other in pairs])[1]
        alarms += any(clear)
        pairs[0] = (mean(np.clip(scores[0, :50] - 1.5, -2, 2)), pairs[0][1])
        planted += beyond([gap(one, other) for one, other in pairs])[1][0]
    assert alarms <= 20  # 5 % of 200, and chance
    assert planted >= 190


def test_a_difference_of_figures_has_an_interval_and_few_are_not_tested():
    one, other = Cell(value=0.5, lower=0.45, upper=0.55), Cell(value=0.62, lower=0.57, upper=0.67)
    found = gap(one, other)
    assert found.p < 0.05
    assert found.value == pytest.approx(-0.12)
    assert found.lower < found.value < found.upper < 0
    assert gap(one, Cell(value=0.56, lower=0.51, upper=0.61)).p > 0.05
    assert math.isnan(gap(Cell(value=0.5), one).p)
    assert math.isnan(gap(share(29, 29), share(0, 400)).p)
    assert gap(one, one).p == 1


def test_a_persona_and_everyone_are_compared_in_one_unit_and_never_by_totals():
    counted = {
        ("payment", "drop_off"): share(1197, 7226, unit="visitor"),
        ("payment", "stake"): Cell(source="observed", value=29e3, lower=27e3, upper=31e3, n=1197, of=7226, days=76),
        ("payment", "time"): Cell(source="observed", value=65.0, lower=63.0, upper=65.0, n=6089, unit="visitor"),
        ("payment", "met_by_buyers"): share(5000, 6000, unit="buyer"),
        ("delivery", "support"): share(300, 9000),
    }
    mine = {
        ("payment", "drop_off"): share(100, 2040, unit="visit"),
        ("payment", "stake"): Cell(source="observed", value=2e3, lower=1.9e3, upper=2.1e3, n=100, of=2040, days=76),
        ("payment", "time"): Cell(source="observed", value=25.0, lower=23.0, upper=27.0, n=999, unit="known visitor"),
        ("payment", "met_by_buyers"): share(800, 1300, unit="buyer"),
        ("delivery", "support"): share(100, 1000),
    }
    everyone, persona = chart(counted), chart(mine, persona="Gifts")
    for found in (persona.difference(everyone), everyone.difference(persona)):
        assert found.rows[["touchpoint", "what"]].to_numpy().tolist() == [
            ["Pays", "Met by buyers"], ["Gets the parcel", "Support cases"],
        ]  # fmt: skip
        assert found.looks == 2
        assert found.rows["clear"].all()
        assert any("visits" in said and "Leave here" in said for said in found.caveats)
        assert "2 of 2 figures" in found.headline()
    found = persona.difference(everyone)
    cases = found.rows.iloc[1]
    assert cases["value_other"] == pytest.approx(200 / 8000)  # of all others, not of everyone
    assert "n = 8,000" in cases["other"]
    assert found.names[1] == "Everyone else"
    assert found.readable()["difference"].tolist()[1].startswith("+7.5 per 100 orders (+")
    assert found.readable()["difference"].tolist()[0].startswith("−")
    assert " points (" in found.readable()["difference"].tolist()[0]
    other_days = chart(counted, period=["2025-01-01", "2025-03-31"])
    unsure = persona.difference(other_days)
    assert unsure.looks == 0
    assert not unsure.rows["clear"].any()
    assert "no figure can be compared" in unsure.headline()


def test_two_personas_are_compared_directly_and_margin_of_two_periods_by_the_day():
    one = {("look", "drop_off"): share(500, 1000, unit="visit"), ("delivery", "emotion"): mean(np.array([2.0, 1] * 30))}
    two = {
        ("look", "drop_off"): share(300, 1000, unit="visit"),
        ("delivery", "emotion"): mean(np.array([-2.0, 0] * 30)),
    }
    found = chart(one, "A").difference(chart(two, "B"))
    assert found.rows["difference"].tolist() == pytest.approx([0.2, 2.5])
    assert found.looks == 2
    assert "emotion differs most at “Gets the parcel”" in found.headline()
    long = {
        ("look", "stake"): Cell(source="observed", value=600.0, lower=540.0, upper=660.0, n=90, unit="visitor", days=60)
    }
    short = {
        ("look", "stake"): Cell(source="observed", value=300.0, lower=260.0, upper=340.0, n=45, unit="visitor", days=30)
    }
    assert chart(long).difference(chart(short, period=["2025-01-01", "2025-01-30"])).rows.empty
