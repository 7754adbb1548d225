"""The funnel's charts draw what its rows say: open and lost, corrected rates, and the period before."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of

STEPS = ["view", "cart", "buy"]


@pytest.fixture(scope="module")
def shop():
    """Visitors of 60 days, some of whom still have time at the end."""
    return shop_of(
        {
            "events": """
                SELECT 'v' || v AS visitor_id,
                       TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * (3 * v + 30 * k) AS occurred_at,
                       (TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * (3 * v + 30 * k))::DATE AS "day",
                       ['view', 'cart', 'buy'][k] AS event, ['mobile', 'desktop'][1 + v % 2] AS device
                FROM range(480) a(v), range(1, 4) b(k) WHERE v % k = 0 AND 3 * v + 30 * k < 1440"""
        }
    )


def half(shop, **options):
    """The last weeks, with as many observed before them."""
    return jl.journey.funnel(shop.between("2026-02-05", "2026-03-01"), steps=STEPS, window="7d", **options)


def drawn(result, view):
    spec = result.chart(view).to_dict()
    return spec, [row for rows in spec["datasets"].values() for row in rows]


@pytest.mark.parametrize("by", [None, "device"])
def test_open_and_lost_are_bars_that_add_up_to_the_step_before(shop, by):
    result = half(shop, by=by)
    pieces = [row for row in drawn(result, "steps")[1] if "part" in row]
    for row in result.rows[result.rows["position"] > 1].itertuples():
        mine = [p for p in pieces if p["step"] == row.step and p["group"] == row.group]
        lengths = {p["part"]: p["end"] - p["start"] for p in mine}
        assert lengths == {
            k: v for k, v in (("reached", row.n), ("open", row.open), ("lost", row.lost)) if v or k == "reached"
        }
        assert max(p["end"] for p in mine) == row.of
    assert {"open", "lost"} <= {p["part"] for p in pieces}


@pytest.mark.parametrize("by", [None, "device"])
def test_corrected_rates_and_the_period_before_are_drawn(shop, by):
    result = half(shop, by=by, correct_open=True, previous=True)
    spec, rows = drawn(result, "rates")
    values = {(p["group"], p["step"], p["version"]): (p["value"], p["low"], p["high"]) for p in rows}
    known = result.rows[(result.rows["position"] > 1) & (result.rows[["of", "of_before"]].min(axis=1) > 0)]
    assert len(known)
    assert by or known["corrected"].notna().any()
    for row in known.itertuples():
        corrected = (row.corrected, row.corrected_lower, row.corrected_upper)
        mark = values.get((row.group, row.step, "corrected for open windows"))
        assert mark == (pytest.approx(corrected) if row.corrected == row.corrected else None)
        assert values[row.group, row.step, "period before"][0] == pytest.approx(row.rate_before)
    assert "corrected, lower" in str(spec)
    bars, rows = drawn(result, "steps")
    marks = [layer["encoding"]["x"]["field"] for layer in bars["layer"]]
    assert {"n_before", "n_corrected"} <= set(marks)
    assert "triangle: the period before" in bars["layer"][0]["encoding"]["x"]["title"]
    ends = {(row["group"], row["step"]): row["n_corrected"] for row in rows if "n_corrected" in row}
    for row in known.itertuples():
        known_end = pytest.approx(row.corrected * row.of) if row.corrected == row.corrected else None
        assert ends[row.group, row.step] == known_end


def test_the_tooltip_names_what_is_counted(shop):
    spec = str(half(shop, unit="session").chart("steps").to_dict())
    assert "'title': 'sessions'" in spec
    assert "visitors" not in spec
    assert "'still had time'" in spec


def test_without_correction_and_before_a_rate_is_one_point(shop):
    assert {row["version"] for row in drawn(half(shop), "rates")[1]} == {"as counted"}
