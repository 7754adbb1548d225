import pandas as pd
import pytest

import journeylab as jl
from tests.growth.shops import frames_shop, simulated


def test_a_unit_without_a_day_costs_the_replay_and_no_unit(tmp_path):
    days = [None if i == 5 else f"2026-03-{1 + i % 10:02d}" for i in range(2000)]
    rows = [("fee", f"u{i}", "AB"[i % 2], days[i], float(i % 7 + i % 2)) for i in range(2000)]
    columns = ["experiment", "unit_id", "variant", "day", "net"]
    frame = pd.DataFrame(rows, columns=columns).assign(day=lambda t: pd.to_datetime(t["day"]).dt.date)
    result = jl.growth.experiment(frames_shop(tmp_path, {"outcomes": frame}))
    row = result.table().iloc[0]
    assert [row["n_control"], row["n"]] == [1000, 1000]
    assert row["value"] == pytest.approx(frame.loc[frame["variant"] == "B", "net"].mean())
    assert result.days.empty
    assert any(c.startswith("The day of 1 unit is not known") for c in result.caveats)


def test_without_days_the_check_of_outliers_says_that_it_left_out_one_unit(tmp_path):
    rows = [("fee", f"u{i}", "AB"[i % 2], float(i % 7)) for i in range(1000)]
    frame = pd.DataFrame(rows, columns=["experiment", "unit_id", "variant", "net"])
    result = jl.growth.experiment(frames_shop(tmp_path, {"outcomes": frame}))
    said = result.checks.set_index("check").loc["outliers", "finding"]
    assert said == "No result hangs on the largest unit of a variant."


def test_units_exposed_too_late_are_said_also_where_another_test_has_outcomes(tmp_path):
    frames = simulated(seed=90, units=400)
    other = pd.DataFrame(
        [("old", f"w{i}", "AB"[i % 2], i % 3) for i in range(60)],
        columns=["experiment", "unit_id", "variant", "converted"],
    )
    result = jl.growth.experiment(frames_shop(tmp_path, {**frames, "outcomes": other}), name="fee", window="14d")
    assert any("exposed so late that their 14 days were not over" in c for c in result.caveats)
