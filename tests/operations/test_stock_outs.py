"""Days out of stock: planted gaps are found with counts by day, by week, at the end only, or none; none is made up."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.operations import stock_counts, stock_outs
from journeylab.operations.sales_series import movements

BEGIN, DAYS, GAP = date(2025, 1, 6), 280, range(180, 208)


def day(i: int) -> date:
    return BEGIN + timedelta(days=int(i))


def selling(units: dict[str, np.ndarray], counts: list[tuple[str, int, float]] | None = None):
    """Return a shop of SKUs with units by day, and counts of its stock: sku, day, units (place: sku, day, place)."""
    sold = ", ".join(
        f"('{sku}', DATE '{day(i)}', {n})" for sku, row in units.items() for i, n in enumerate(row) if n > 0
    )
    rows = f"(SELECT sku, day, sku || day AS order_id, n FROM (VALUES {sold}) t(sku, day, n))"
    tables = {
        "orders": f"""SELECT order_id, day, day::TIMESTAMP AS ordered_at, 'completed' AS status,
                             (10 * n)::DECIMAL(18,4) AS net FROM {rows}""",
        "order_lines": f"""SELECT order_id, sku, 'The ' || sku AS product, n::DECIMAL(18,4) AS quantity,
                                  10::DECIMAL(18,4) AS unit_price FROM {rows}""",
    }
    if counts is not None:
        said = ", ".join(f"('{sku}', DATE '{day(i)}', {n}, '{place}')" for sku, i, n, place in map(placed, counts))
        tables["stock"] = f"""SELECT sku, as_of, on_hand::DECIMAL(18,4) AS on_hand, location
                              FROM (VALUES {said}) t(sku, as_of, on_hand, location)"""
    return shop_of(tables)


def placed(row: tuple) -> tuple:
    return (*row, "here") if len(row) == 3 else row


def units(*, gap: range = GAP) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    sold = {"OUT": rng.poisson(4, DAYS), "OTHER": rng.poisson(4, DAYS)}
    sold["OUT"][list(gap)] = 0
    return sold


def found(shop, days: int = DAYS) -> stock_outs.StockOuts:
    return stock_outs.out_days(shop, movements(shop), (day(0), day(days - 1)))


def at(found: stock_outs.StockOuts, sku: str = "OUT") -> set[int]:
    return {(one.date() - BEGIN).days for one in found.days.loc[found.days["sku"] == sku, "day"]}


def test_a_sku_out_of_stock_today_keeps_its_forecast_and_says_what_was_made_up():
    last = DAYS - 1
    shop = selling(units(gap=range(last - 20, DAYS)), [("OUT", last, 0), ("OTHER", last, 30)])
    told = jl.operations.demand(shop, horizon=4)
    assert told.skus.set_index("sku").loc["OUT", "per_day"] == pytest.approx(4, rel=0.12)
    assert "made up for" in told.skus.set_index("sku").loc["OUT", "note"]
    assert any("inferred" in text and "tell of less than 1 %" in text for text in told.caveats)
    orders = jl.operations.replenishment(shop, demand=told).rows.set_index("sku")
    assert orders.loc["OUT", "order"] >= 4 * 20


def test_the_same_silence_without_a_count_of_none_is_no_stock_out():
    silent = units(gap=range(DAYS - 21, DAYS))
    assert not at(found(selling(silent, [("OUT", DAYS - 1, 12), ("OTHER", DAYS - 1, 30)])))


@pytest.mark.parametrize("every", [1, 7, 14])
def test_counts_now_and_then_find_the_days_between_them(every: int):
    counts = [
        (sku, i, 0 if sku == "OUT" and i in GAP else 50) for i in range(0, DAYS, every) for sku in ("OUT", "OTHER")
    ]
    made = found(selling(units(), counts))
    days_out = at(made)
    assert days_out <= set(GAP)
    assert len(days_out) >= len(GAP) - 1
    assert not at(made, "OTHER")
    assert made.source == "counted"


def test_a_history_that_begins_after_the_gap_leaves_it_to_inference_and_says_how_much_it_tells():
    counts = [(sku, i, 50) for i in range(DAYS - 30, DAYS) for sku in ("OUT", "OTHER")]
    made = found(selling(units(), counts))
    assert (at(made), made.source) == (set(GAP), "partly counted")
    assert not made.days["counted"].any()
    assert made.told == pytest.approx(30 / DAYS, abs=0.005)


def test_a_sku_that_is_never_counted_is_inferred_beside_one_that_is():
    made = found(selling(units(), [("OTHER", i, 50) for i in range(DAYS)]))
    assert (at(made), made.source) == (set(GAP), "partly counted")


def test_a_silence_with_counts_of_some_is_no_stock_out():
    assert not at(found(selling(units(), [(sku, i, 50) for i in range(0, DAYS, 7) for sku in ("OUT", "OTHER")])))


def test_counts_agree_with_walking_through_the_days_by_hand():
    rng = np.random.default_rng(8)
    sold = {f"S{k}": rng.poisson(0.4, 120) for k in range(12)}
    for row in sold.values():
        row[0] = 1
    counts = [
        (sku, i, int(rng.integers(-1, 2)), place)
        for sku in sold
        for place in ("a", "b")
        for i in np.flatnonzero(rng.random(120) < 0.15)
    ]
    made = found(selling(sold, counts), 120).days
    said = set(zip(made["sku"], made["day"].dt.date, strict=True))
    assert said == {(sku, day(i)) for sku, row in sold.items() for i in _by_hand(sku, row, counts)}
    assert len(said) > 100


def _by_hand(sku: str, sold: np.ndarray, counts: list[tuple[str, int, int, str]]) -> set[int]:
    """Days without stock: a walk through the days, then from each step on, and back from it to the last sale."""
    level: list[int | None] = []
    steps: list[int] = []
    last: dict[str, tuple[int, int]] = {}
    for i in range(len(sold)):
        last |= {place: (when, units) for of, when, units, place in counts if (of, when) == (sku, i)}
        live = [units for when, units in last.values() if i - when <= stock_counts.HOLDS]
        if any(when in {i, i - stock_counts.HOLDS - 1} for when, _units in last.values()):
            steps.append(i)
        level.append(sum(live) if live else None)
    out: set[int] = set()
    for place, step in enumerate(steps):
        if level[step] is None or level[step] > 0:
            continue
        until = steps[place + 1] if place + 1 < len(steps) else len(sold)
        for i in range(step, until):
            if not sold[step + 1 : i + 1].any() and not sold[i]:
                out.add(i)
        sale = int(np.flatnonzero(sold[: step + 1])[-1])
        some = max((one for one in steps[:place] if level[one] is not None and level[one] > 0), default=-1)
        before = steps[place - 1] if place and level[steps[place - 1]] is not None else -1
        none = before if before >= 0 and level[before] <= 0 else -1
        if sale > max(some, none):
            out |= set(range(sale + 1, step + 1))
    return out


def test_a_day_after_the_last_order_may_tell_but_not_across_a_window():
    shop = selling(units(gap=range(DAYS - 21, DAYS)), [("OUT", DAYS + 3, 0), ("OTHER", DAYS + 3, 9)])
    assert at(found(shop)) == set(range(DAYS - 21, DAYS))
    assert not at(found(shop.between(day(0), day(DAYS - 1))))


def test_the_last_unit_that_was_written_off_makes_no_silence_before_its_count():
    counts = [("OUT", 170, 5), ("OUT", 182, 5), ("OUT", 204, 0), ("OUT", 208, 50)]
    days_out = at(found(selling({**units(), "OTHER": units()["OTHER"]}, counts)))
    assert set(range(204, 208)) <= days_out
    assert 182 not in days_out


def test_no_count_and_no_sale_give_frames_that_are_whole():
    frame = found(selling({"A": np.ones(DAYS, dtype=int)}, [("B", 4, 0)])).days
    assert list(frame.columns) == ["sku", "day", "counted"]
    assert frame.empty
    assert isinstance(frame, pd.DataFrame)
