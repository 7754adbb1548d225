"""The page of experiments: each part, with a test, without one, and with names that try to break out."""

from __future__ import annotations

import pandas as pd
import pytest

import journeylab as jl
from journeylab.app import experiments
from tests.app.conftest import plain
from tests.growth.shops import frames_shop, simulated

PAGE = "growth/experiments"
PARTS = [
    experiments.RESULT,
    experiments.SEGMENTS,
    experiments.VALUE,
    experiments.PLAN,
    experiments.METHOD,
    experiments.COUNTS,
]
EVIL = "<img src=x onerror=alert(1)> **bold** :tada:"


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """A shop with a test whose name and winning variant try to break out."""
    frames = simulated(seed=80, units=4000, effect=0.5)
    frames["exposures"] = frames["exposures"].assign(experiment=EVIL).replace({"variant": {"B": f"B {EVIL}"}})
    return frames_shop(tmp_path_factory.mktemp("tested"), frames)


def headlines(app):
    return [plain(item.value) for item in app.subheader]


@pytest.mark.parametrize("part", PARTS)
def test_each_part_shows_its_finding_chart_and_downloads(open_app, tested, part):
    app = open_app(PAGE, shop=tested, query={"part": part})
    assert not app.exception
    assert not app.error
    assert len(headlines(app)) == 1
    assert len(app.get("vega_lite_chart")) == 1
    keys = [button.key for button in app.get("download_button")]
    assert ("memo" in keys) == (part in {experiments.RESULT, experiments.COUNTS})
    assert "page_notebook" in keys


def test_the_result_is_the_analysis_own_and_its_python_runs_again(open_app, tested):
    app = open_app(PAGE, shop=tested)
    app.segmented_control(key="experiment_view").set_value("Python").run()
    code = [line for line in app.code[0].value.splitlines() if not line.startswith(("import", "shop ="))]
    scope = {"jl": jl, "shop": tested}
    exec("\n".join(code), scope)
    assert scope["experiment"].headline() == headlines(app)[0]


def test_health_comes_before_the_verdict_and_a_broken_split_greys_it(open_app, tmp_path):
    frames = simulated(seed=81, units=4000, effect=0.5)
    frames["exposures"] = frames["exposures"].query("not (variant == 'B' and index % 4 == 0)")
    app = open_app(PAGE, shop=frames_shop(tmp_path, frames))
    assert len(app.error) == 1
    assert "The split is broken" in plain(app.error[0].value)
    assert headlines(app)[0].startswith("No verdict: the split is broken")


@pytest.mark.parametrize("part", [experiments.RESULT, experiments.SEGMENTS, experiments.VALUE])
def test_an_uneven_split_can_be_read_once_its_plan_is_given(open_app, tmp_path, part):
    frames = simulated(seed=82, units=4000, effect=0.5)
    frames["exposures"] = frames["exposures"].query("not (variant == 'B' and index % 2 == 0)")
    app = open_app(PAGE, shop=frames_shop(tmp_path, frames), query={"part": part})
    assert headlines(app)[0].startswith("No verdict: the split is broken")
    app.selectbox(key="planned").set_value("another").run()
    app.slider(key="parts_0").set_value(100).run()
    assert not app.exception
    assert not headlines(app)[0].startswith("No verdict")


def test_what_should_fall_is_suggested_by_its_name_and_can_be_chosen(open_app, tmp_path):
    rows = [("fee", f"u{i}", "AB"[i % 2], 800.0 + 100 * (i % 2) + i // 2 % 7) for i in range(400)]
    slow = pd.DataFrame(rows, columns=["experiment", "unit_id", "variant", "load_ms"])
    app = open_app(PAGE, shop=frames_shop(tmp_path, {"outcomes": slow}))
    assert app.multiselect(key="falls").value == ["load_ms"]
    assert headlines(app)[0].endswith("stay with A.")
    app.multiselect(key="falls").set_value([]).run()
    assert headlines(app)[0].endswith("keep it.")


def test_sliders_change_what_is_read(open_app, tested):
    app = open_app(PAGE, shop=tested)
    before = headlines(app)
    app.slider(key="level").set_value(99).run()
    assert not app.exception
    assert headlines(app) != before


def test_guardrails_are_shown_with_their_reading(open_app, tested):
    app = open_app(PAGE, shop=tested)
    app.multiselect(key="guards").set_value(["orders"]).run()
    assert any("Guardrail" in item.value for item in app.markdown)


def test_without_any_data_counts_can_be_typed_and_a_test_planned(open_app):
    app = open_app(PAGE)
    assert not app.exception
    assert headlines(app)[0].startswith(("B brings", "We cannot tell yet"))
    app = open_app(PAGE, query={"part": experiments.PLAN})
    assert not app.exception
    assert headlines(app)[0].startswith("To see a change of 10 % in conversion")


def test_a_shop_without_a_test_offers_what_it_can(open_app, shop):
    app = open_app(PAGE, shop=shop)
    assert not app.exception
    assert headlines(app)[0].startswith(("To see a change", "B brings", "We cannot tell"))


def test_a_test_on_customers_is_split_by_persona(open_app, tmp_path):
    frames = simulated(seed=82, units=3000, effect=0.4)
    frames["exposures"]["unit"] = "customer"
    ids = frames["exposures"]["unit_id"]
    shop = frames_shop(tmp_path, {**frames, "customers": pd.DataFrame({"customer_id": ids, "is_odd": ids.str[-1]})})
    people = shop.table("customers")
    shop = shop.with_trait("persona", people.select("customer_id", persona="persona " + people.is_odd))
    query = {"part": experiments.SEGMENTS, "split": "persona", "experiment_segments_view": "Table"}
    app = open_app(PAGE, shop=shop, query=query)
    assert not app.exception
    assert not app.error
    rows = jl.growth.experiment_segments(shop, by="persona").table()
    assert set(rows["segment"]) == {f"persona {digit}" for digit in range(10)}
    assert set(rows["segment"]) <= set(app.dataframe[-1].value.astype(str).to_numpy().ravel())
    assert not any("not one of the choices" in item.value for item in app.caption)


def test_a_test_on_visitors_is_split_by_the_persona_of_those_known_before(open_app, tmp_path):
    frames = simulated(seed=83, units=1200, effect=0.4)
    known = frames["exposures"].iloc[::2]
    login = frames["events"].iloc[: len(known)].assign(event="login", order_id=None)
    login = login.assign(visitor_id=known["unit_id"].to_numpy(), customer_id=known["unit_id"].to_numpy())
    login = login.assign(occurred_at=known["exposed_at"].to_numpy() - pd.Timedelta(hours=1))
    people = pd.DataFrame({"customer_id": known["unit_id"], "persona": "regulars"})
    frames |= {"events": pd.concat([frames["events"], login], ignore_index=True), "customers": people}
    shop = frames_shop(tmp_path, frames)
    query = {"part": experiments.SEGMENTS, "split": "customer's persona", "experiment_segments_view": "Table"}
    app = open_app(PAGE, shop=shop, query=query)
    assert not app.exception
    assert not app.error
    rows = jl.growth.experiment_segments(shop, by="customers.persona").table()
    assert rows[["n_control", "n"]].sum(axis=1).tolist() == [600, 600]
    assert {"regulars", "not known before"} <= set(app.dataframe[-1].value.astype(str).to_numpy().ravel())
    assert not any("not one of the choices" in item.value for item in app.caption)


def test_the_units_of_a_test_are_chosen_on_the_page_and_said_in_its_python(open_app, tested):
    query = {
        "sides": "only better", "cuped": "is not", "counts_for": "7 days", "exposed": ["2026-03-03", "2026-03-12"],
        "trim": "5 % at either end", "control": "A", "experiment_view": "Python", "measures": ["revenue"],
    }  # fmt: skip
    app = open_app(PAGE, shop=tested, query=query)
    assert not app.exception
    code = app.code[0].value
    for said in (
        "alternative='greater'", "cuped=False", "window='7d'", "start='2026-03-03'", "end='2026-03-12'", "trim=0.05",
        "control='A'",
    ):  # fmt: skip
        assert said in code
