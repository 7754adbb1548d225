"""The journey map: its JSON comes back unchanged, edits and evidence stay apart, and what is odd is handled or said."""

from __future__ import annotations

import copy
import json
import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import journeylab as jl
from journeylab.data import lab_file
from journeylab.data.examples import empty_shop, shop_of, tiny_shop
from journeylab.journey import map_evidence, map_voices
from journeylab.journey.map import Map
from journeylab.journey.map_model import CRITERIA, KINDS, SOURCES
from journeylab.journey.map_rows import PARTS, rows, with_rows
from journeylab.journey.map_table import readable

if TYPE_CHECKING:
    from pathlib import Path

    from journeylab.data.dataset import Dataset

HOSTILE = "<script>alert(1)</script> **b** =1+1 🎉 שלום العربية \u202e\x07 日本語"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
unknown = st.dictionaries(st.text(min_size=1, max_size=6).map(lambda key: f"x-{key}"), json_values, max_size=3)


@st.composite
def any_map(draw: st.DrawFn) -> dict[str, Any]:
    """A map of a few touchpoints with keys nobody knows at every level."""
    data = Map.blank().data()
    data["touchpoints"] = data["touchpoints"][: draw(st.integers(0, 4))]
    data |= draw(unknown)
    for stage in data["stages"]:
        stage.update(draw(unknown))
    for point in data["touchpoints"]:
        point.update(draw(unknown))
        point["name"] = draw(st.text(max_size=20))
        cell = {
            "text": draw(st.text(max_size=20)),
            "source": draw(st.sampled_from(SOURCES)),
            "n": draw(st.integers(0, 99)),
        }
        point["cells"] = {"emotion": {**cell, "value": draw(st.floats(-2, 2))}, "x-lane": {**cell, **draw(unknown)}}
        point["pains"] = [
            {"id": "p", "text": draw(st.text(max_size=9)), "kind": draw(st.sampled_from(KINDS)), **draw(unknown)}
        ]
        point["opportunities"] = [{"id": "o", "text": "do", "votes": draw(st.integers(0, 9)), **draw(unknown)}]
        point["scores"] = {draw(st.sampled_from(CRITERIA)): draw(st.integers(0, 5))}
    return data


@settings(max_examples=60, deadline=None)
@given(any_map())
def test_json_comes_back_unchanged_with_every_key_nobody_knows(data: dict[str, Any]):
    text = json.dumps(data)
    chart = Map.from_json(text)
    assert json.loads(chart.to_json()) == data
    assert Map.from_json(chart.to_json()) == chart
    assert Map.from_json(chart.to_json().encode("utf-8-sig")) == chart


@settings(max_examples=25, deadline=None)
@given(any_map())
def test_a_table_that_nobody_edited_changes_nothing_but_the_order_of_the_stages(data: dict[str, Any]):
    chart = Map.of(data)
    for part in PARTS:
        same = with_rows(chart, part, rows(chart, part))
        before = {point["id"]: {k: v for k, v in point.items() if k != "name"} for point in data["touchpoints"]}
        after = {point["id"]: {k: v for k, v in point.items() if k != "name"} for point in same.data()["touchpoints"]}
        kept = {key for key, point in chart.data().items() if key.startswith("x-")}
        assert {key: same.data()[key] for key in kept} == {key: data[key] for key in kept}
        if part in {"stages", "scores"}:
            assert after == before


def with_one(change: Any) -> str:
    data = Map.blank().data()
    change(data)
    return json.dumps(data)


BROKEN = {
    "no JSON": "{",
    "not a map": '{"format": "other"}',
    "not a number": '{"format": "journeylab journey map", "version": NaN}',
    "later": with_one(lambda d: d.update(version=99)),
    "stages": with_one(lambda d: d.update(stages="x")),
    "twice": with_one(lambda d: d["touchpoints"].append(copy.deepcopy(d["touchpoints"][0]))),
    "stage": with_one(lambda d: d["touchpoints"][0].update(stage="nowhere")),
    "kind": with_one(lambda d: d["touchpoints"][0].update(pains=[{"id": "x", "text": "t", "kind": "odd"}])),
    "source": with_one(lambda d: d["touchpoints"][0].update(cells={"kpi": {"source": "rumour"}})),
    "value": with_one(lambda d: d["touchpoints"][0].update(cells={"emotion": {"value": 9}})),
    "text": with_one(lambda d: d["touchpoints"][0].update(cells={"kpi": {"text": 5}})),
    "score": with_one(lambda d: d["touchpoints"][0].update(scores={"appeal": 6})),
    "name": with_one(lambda d: d["touchpoints"][0].update(name=["x"])),
    "teams": with_one(lambda d: d.update(teams={"A": {"look": {"emotion": "high"}}})),
    "no end": with_one(lambda d: d)[:-1] + ', "x-far": 1e999}',
    "half a character": with_one(lambda d: d.update(title="x"))[:-1] + ', "title": "\\ud800"}',
    "half a key": with_one(lambda d: d.update({"x-\ud800": 1})),
    "list of stages": with_one(lambda d: d["touchpoints"][0].update(stage=["x"])),
    "clear": with_one(lambda d: d["touchpoints"][0].update(pains=[{"id": "x", "text": "t", "clear": "no"}])),
    "votes": with_one(lambda d: d["touchpoints"][0].update(pains=[{"id": "x", "text": "t", "votes": -3.7}])),
    "days": with_one(lambda d: d["touchpoints"][0].update(cells={"stake": {"value": 1, "days": "all"}})),
    "period": with_one(lambda d: d.update(period=5)),
    "period in words": with_one(lambda d: d.update(period=["x", "y"])),
    "period of a letter": with_one(lambda d: d.update(period="x")),
    "period backwards": with_one(lambda d: d.update(period=["2026-02-01", "2026-01-01"])),
    "currency": with_one(lambda d: d.update(currency=5)),
    "moves": with_one(lambda d: d.update(moves=[{"touchpoint": ["x"], "lane": "volume", "clear": True}])),
    "moves nowhere": with_one(lambda d: d.update(moves=[{"lane": "volume", "clear": True}])),
    "moves in words": with_one(lambda d: d.update(moves=[{"touchpoint": "look", "lane": "volume", "was": 5}])),
    "guess": with_one(lambda d: d.update(teams={"A": {"look": {"emotion": 99, "drop_off": 0.5}}})),
    "guess of who leaves": with_one(lambda d: d.update(teams={"A": {"look": {"drop_off": 7}}})),
    "many": with_one(lambda d: d.update(touchpoints=[{"id": str(i), "stage": "awareness"} for i in range(501)])),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_map_is_refused_with_a_reason(broken: str):
    with pytest.raises(jl.SchemaError):
        Map.from_json(broken, name="file.json")


def test_deeply_nested_json_is_refused_and_does_not_crash():
    with pytest.raises(jl.SchemaError):
        Map.from_json('{"format": ' + "[" * 100_000)


def test_verbs_return_new_maps_and_leave_the_old_one_alone():
    blank = Map.blank()
    text = blank.to_json()
    edited = (
        blank.with_stage("Decision", after="consideration")
        .with_touchpoint("Reads reviews", "decision")
        .with_cell("reads-reviews", "thoughts", HOSTILE)
        .with_cell("cart", "expectation", value=1.5)
        .with_pain("cart", HOSTILE, "financial")
        .with_opportunity("cart", "Show the fee early", owner="Mia", kpi="goes on", next_step="test it")
        .with_score("cart", "simplicity", 2)
    )
    assert blank.to_json() == text
    assert [stage.name for stage in edited.stages][2] == "Decision"
    point = edited.touchpoint("cart")
    assert point.pains[0].source == "assumed"
    assert point.opportunities[0].owner == "Mia"
    assert edited.with_votes("cart", point.pains[0].id, 4).touchpoint("cart").pains[0].votes == 4
    assert edited.without_touchpoint("cart").without_stage("decision") != edited
    assert edited.without_stage("decision").touchpoint("reads-reviews").stage == "consideration"
    assert edited.with_cell("cart", "expectation").touchpoint("cart").cell("expectation") is None
    for bad in (
        lambda: blank.with_cell("nowhere", "kpi", "x"),
        lambda: blank.with_cell("cart", "emotion", value=3),
        lambda: blank.with_pain("cart", "x", "odd"),
        lambda: blank.with_score("cart", "appeal", 6),
        lambda: Map.blank(stages=["A", "A"]),
        lambda: Map.blank(stages=["A"]).without_stage("a"),
    ):
        with pytest.raises(jl.BadParameter):
            bad()


def test_rows_added_changed_moved_and_deleted_in_a_table_become_a_map():
    chart = Map.blank()
    table = rows(chart, "touchpoints")
    table.loc[0, "name"] = "Sees an advert"
    table.loc[1, "expectation"] = 9  # beyond the scale: taken to its end
    table.loc[1, "place"] = 99
    table = table[table["id"] != "search"]
    table.loc[len(table) + 5] = {"place": None, "stage": "Purchase", "name": "Calls the shop", "owner": "Ali"}
    edited = with_rows(chart, "touchpoints", table)
    assert edited.touchpoint("arrive").name == "Sees an advert"
    assert edited.touchpoint("look").value("expectation") == 2
    assert [p.id for p in edited.touchpoints if p.stage == "consideration"] == ["cart", "look"]
    assert edited.touchpoint("calls-the-shop").cell("owner").text == "Ali"
    pains = rows(edited, "pains")
    pains.loc[0] = {"touchpoint": "Pays", "kind": "financial", "text": "No invoice", "votes": 2}
    pains.loc[1] = {"touchpoint": None, "kind": None, "text": "nowhere", "votes": None}
    edited = with_rows(edited, "pains", pains)
    assert [(p.text, p.kind, p.votes) for p in edited.touchpoint("payment").pains] == [("No invoice", "financial", 2)]
    moved = rows(edited, "pains")
    moved.loc[0, "touchpoint"] = "Orders"
    edited = with_rows(edited, "pains", moved)
    assert not edited.touchpoint("payment").pains
    assert edited.touchpoint("order").pains[0].votes == 2
    assert not with_rows(edited, "pains", moved.iloc[:0]).touchpoint("order").pains


def test_two_stages_and_two_touchpoints_of_one_name_keep_what_is_theirs_when_a_table_is_edited():
    data = Map.blank().data()
    data["stages"][1]["name"], data["stages"][3]["name"] = "Purchase", "After  \t the order"
    data["touchpoints"][2]["name"] = data["touchpoints"][1]["name"]
    data["touchpoints"][2]["pains"] = [{"id": "p", "text": "nothing found"}]
    chart = Map.of(data)
    table = rows(chart, "touchpoints")
    assert set(table["stage"]) == {"Awareness", "Purchase", "Purchase (2)", "After the order", "Advocacy"}
    table.loc[0, "owner"] = "Mia"
    edited = with_rows(chart, "touchpoints", table)
    assert [(p.id, p.stage) for p in edited.touchpoints] == [(p.id, p.stage) for p in chart.touchpoints]
    assert [stage.name for stage in edited.stages] == [stage.name for stage in chart.stages]
    pains = rows(edited, "pains")
    pains.loc[1] = {"touchpoint": pains["touchpoint"].iloc[0], "kind": "usability", "text": "no filter"}
    pains.loc[2] = {"touchpoint": "Looks at a product", "kind": "usability", "text": "no picture"}
    found = with_rows(edited, "pains", pains)
    assert [pain.text for pain in found.touchpoint("search").pains] == ["nothing found", "no filter"]
    assert [pain.text for pain in found.touchpoint("look").pains] == ["no picture"]


def test_the_events_and_words_of_a_touchpoint_are_changed_in_a_table_and_the_rest_stays():
    chart = Map.blank().with_cell("look", "thoughts", "ours")
    table = rows(chart, "names")
    assert table["events"].iloc[0] == list(chart.touchpoints[0].events)
    assert with_rows(chart, "names", table) == chart
    place = table.index[table["id"] == "delivery"][0]
    table.at[place, "events"] = np.array(["parcel_opened", " parcel_opened ", "", None], dtype=object)
    table.at[place, "about"] = None
    table.at[0, "events"] = ["🎉", "a, b"]
    new = with_rows(chart, "names", table)
    assert (new.touchpoint("delivery").events, new.touchpoint("delivery").about) == (("parcel_opened",), ())
    assert new.touchpoint("arrive").events == ("🎉", "a, b")
    assert new.touchpoint("look") == chart.touchpoint("look")


def test_stages_are_renamed_added_reordered_and_deleted_in_a_table():
    chart = Map.blank()
    table = rows(chart, "stages")
    table.loc[0, "name"] = "Acquisition"
    table = table[table["id"] != "consideration"]
    table.loc[9] = {"name": "Decision"}
    edited = with_rows(chart, "stages", table)
    assert [stage.name for stage in edited.stages] == ["Acquisition", "Purchase", "Retention", "Advocacy", "Decision"]
    assert edited.touchpoint("cart").stage == "awareness"


@pytest.fixture(scope="module")
def shop() -> Dataset:
    """A shop whose parcels hurt: events, orders, answers by touchpoint, cases."""
    return shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, 'c' || (i % 60) AS customer_id,
                TIMESTAMP '2026-03-01' AS ordered_at,
                DATE '2026-03-01' AS day, 'completed' AS status, 30::DECIMAL(18,4) AS net FROM range(90) t(i)""",
            "events": """
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v + INTERVAL 1 MINUTE * k
                       AS occurred_at, (TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v)::DATE AS "day",
                       ['view_item', 'add_to_cart', 'purchase'][k] AS event, ['mobile', 'desktop'][1 + v % 2] AS device,
                       ['search', 'mail'][1 + v % 3 // 2] AS marketing_channel
                FROM range(240) a(v), range(1, 4) b(k) WHERE v % (k * k) = 0 OR k = 1""",
            "surveys": """SELECT 'r' || i AS response_id, 'c' || i AS customer_id,
                TIMESTAMP '2026-03-20' AS answered_at,
                DATE '2026-03-20' AS day, 'csat' AS kind, (1 + (i % 2))::DOUBLE AS score, 5::DOUBLE AS scale,
                'delivery' AS touchpoint FROM range(60) t(i)
                UNION ALL SELECT 'n' || i, 'c' || i, TIMESTAMP '2026-03-20', DATE '2026-03-20', 'nps', i % 11, 10, ''
                FROM range(55) t(i)
                UNION ALL SELECT 'w' || i, 'c' || i, TIMESTAMP '2026-03-20', DATE '2026-03-20', 'csat', 5, 5, 'website'
                FROM range(4) t(i)""",
            "tickets": """SELECT 't' || i AS ticket_id, TIMESTAMP '2026-03-21' AS opened_at,
                ['delivery', 'oddity'][1 + i // 30] AS topic,
                1 + (i % 4 > 0)::BIGINT AS contacts FROM range(40) t(i)""",
        }
    )


@pytest.fixture(scope="module")
def chart(shop: Dataset) -> Map:
    """Its map."""
    return Map.from_data(shop)


def test_each_cell_says_how_it_is_known_with_n_interval_and_date(chart: Map):
    felt = chart.touchpoint("delivery").cell("emotion")
    assert (felt.source, felt.n, felt.date) == ("survey", 60, "2026-04-29")
    assert felt.value == pytest.approx(-1.5)  # half say 1, half 2, of 5
    spread = 0.5 * math.sqrt(60 / 59)
    assert felt.upper - felt.value == pytest.approx(1.959964 * spread / math.sqrt(60), abs=1e-6)
    left = chart.touchpoint("look").cell("drop_off")
    assert left.source == "observed"
    assert left.lower < left.value < left.upper
    assert chart.touchpoint("look").cell("volume").n == 240
    cases = chart.touchpoint("delivery").cell("support")
    assert (cases.n, cases.of) == (30, 90)
    assert chart.touchpoint("support").cell("support").n == 10  # topics nobody names go to help
    assert chart.touchpoint("again").cell("volume").n == 30


def test_the_table_to_read_has_every_figure_with_its_interval_n_and_last_day(chart: Map):
    scored = (
        chart.with_score("look", "appeal", 3)
        .with_opportunity("look", HOSTILE, owner="Mia")
        .with_cell("look", "owner", "Ali")
    )
    table = readable(scored)
    assert len(table) == len(scored.table())
    known = table[table["Known from"].isin(["observed", "survey"])]
    assert known["Last day"].eq("2026-04-29").all()
    assert known["n"].notna().all()
    figures = known[known["Figure"] != ""]
    assert (figures["95 % interval"] != "").sum() >= len(figures) - 1  # cases that no number of orders stands beside
    parcel = table[(table["Touchpoint"] == "Gets the parcel") & (table["Lane"] == "Emotion")].iloc[0]
    assert (parcel["Figure"], parcel["95 % interval"], parcel["n"]) == ("−1.5", "−1.6 to −1.4", 60)
    cases = table[(table["Touchpoint"] == "Gets the parcel") & (table["Lane"] == "Support cases")].iloc[0]
    assert (cases["Figure"], cases["n"], cases["of"]) == ("33.3 per 100 orders", 30, 90)
    assert table.drop(columns=["n", "of", "Dots"]).map(lambda value: isinstance(value, str)).all(axis=None)
    assert readable(Map.blank())["Figure"].eq("").all()


def test_what_is_not_known_stays_empty_and_too_few_answers_say_nothing(chart: Map):
    assert "search" not in [point.id for point in chart.touchpoints]  # the shop records no search
    assert chart.touchpoint("product").cells == {}
    assert chart.touchpoint("look").cell("emotion") is None
    assert all(point.cell("owner") is None for point in chart.touchpoints)


def test_customers_who_are_unhappy_on_the_whole_are_the_first_pain(chart: Map):
    top = chart.pains().iloc[0]
    assert (top["at"], top["kind"], top["clear"], top["n"], top["of"]) == ("delivery", "emotional", True, 60, 60)
    assert "Gets the parcel" in chart.headline()


def test_nps_is_felt_at_the_recommendation_by_promoters_less_detractors(chart: Map):
    felt = chart.touchpoint("recommend").cell("emotion")
    assert felt.value == pytest.approx(2 * (10 - 35) / 55)  # of 0 … 10, five times each: 10 promoters, 35 detractors


def test_new_data_moves_the_map_says_what_moved_and_leaves_the_teams_words(shop: Dataset, chart: Map):
    mine = chart.with_cell("delivery", "thoughts", "where is it?").with_cell("look", "drop_off", "ours", value=0.1)
    mine = mine.with_pain("delivery", "ours").with_votes("delivery", "answers-delivery", 3)
    later = shop.between("2026-03-01", "2026-03-15")
    moved = mine.refresh(later)
    assert moved.touchpoint("delivery").cell("emotion") is None  # no answer in those days: known no more
    assert moved.touchpoint("delivery").cell("thoughts").text == "where is it?"
    assert moved.touchpoint("look").cell("drop_off").value == 0.1
    gone = [(m["touchpoint"], m["lane"]) for m in moved.moves if m["change"] == "gone"]
    assert {("delivery", "emotion"), ("delivery", "support"), ("delivery", "pain")} <= set(gone)
    back = moved.refresh(shop)
    assert "ours" in [pain.id for pain in back.touchpoint("delivery").pains]
    again = mine.refresh(shop)
    assert again.moves == ()
    assert next(p for p in again.touchpoint("delivery").pains if p.id == "answers-delivery").votes == 3


def test_figures_come_before_pains_that_take_long_and_are_those_of_a_map_without_them(
    shop: Dataset, chart: Map, monkeypatch: pytest.MonkeyPatch
):
    shown, comments = threading.Event(), map_voices.comments
    early: list[Map] = []

    def slowly(*asked):
        assert shown.wait(60)
        return comments(*asked)

    def show(figures: Map) -> None:
        early.append(figures)
        shown.set()

    monkeypatch.setattr(map_evidence, "_PATIENCE", 0.0)
    monkeypatch.setattr(map_voices, "comments", slowly)
    whole = Map.from_data(shop, progress=show)
    assert [first.without("moves") for first in early] == [Map.from_data(shop, pains=False)]
    assert whole == chart
    assert whole.call == chart.call
    early.clear()
    assert Map.from_data(shop, pains=False, progress=early.append) == Map.from_data(shop, pains=False)
    assert early == []  # there is nothing that comes later


def test_the_order_of_rows_does_not_matter(shop: Dataset, chart: Map):
    from dataclasses import replace

    tables = {name: table.order_by(table[table.columns[0]].desc()) for name, table in shop.tables.items()}
    assert Map.from_data(replace(shop, tables=tables)) == chart


def test_a_survey_file_alone_makes_a_map(shop: Dataset):
    from dataclasses import replace

    alone = Map.from_data(replace(shop, tables={"surveys": shop.tables["surveys"]}))
    assert alone.touchpoint("delivery").cell("emotion").n == 60


def test_a_map_works_without_any_data_and_its_json_with_it():
    chart = Map.from_data(empty_shop())
    assert len(chart.touchpoints) == 13
    assert chart.table()["source"].isna().all()
    assert Map.from_json(chart.to_json()) == chart
    assert chart.scorecard().rows.empty


def test_a_map_kept_in_the_lab_file_opens_to_the_same_map(tmp_path: Path, shop: Dataset, chart: Map):
    mine = chart.with_cell("look", "thoughts", HOSTILE).with_(**{"x-unknown": [1, {"deep": None}]})
    kept = Map.blank(persona="Gifts").with_pain("cart", HOSTILE).keep(mine.keep(shop))
    opened = jl.open(lab_file.save(kept, tmp_path / "shop.zip"))
    assert Map.kept(opened) == mine
    assert Map.kept(opened, persona="Gifts").touchpoint("cart").pains[0].text == HOSTILE
    with pytest.raises(jl.BadParameter):
        Map.kept(opened, persona="nobody")
    opened.close()


def test_a_persona_that_is_gone_is_said_and_its_map_stays():
    from tests.customers.crowds import kinds

    crowd = kinds(31, each=60)[0]
    found = jl.customers.personas(crowd)
    name = found.cards["name"].iloc[0]
    written = {"personas": {name: {"name": "Ina", "quote": "As every week.", "goals": "fresh coffee"}}}
    from dataclasses import replace

    chart = Map.from_data(replace(crowd, edits=written), persona=name, personas=found)
    assert (chart.about["name"], chart.about["goals"]) == ("Ina", "fresh coffee")
    assert chart.title == "Ina: the journey"
    later = replace(crowd, edits={"personas": {name: {"name": "Ada"}}})
    assert Map.kept(chart.keep(later), persona=name).about == {
        "name": "Ada",
        "quote": "As every week.",
        "goals": "fresh coffee",
    }
    assert Map.kept(chart.keep(later), persona=name).caveats == chart.caveats != ()
    again = chart.touchpoint("again").cell("volume")
    assert again.of == int(found.cards["n"].iloc[0])
    gone = Map.blank(persona="Nobody any more")
    with pytest.raises(jl.BadParameter, match="any more"):
        gone.refresh(crowd, personas=found)
    assert gone.persona == "Nobody any more"


def test_maps_that_differ_in_words_alone_say_so_and_one_beside_itself_says_the_same():
    one, other = (
        Map.blank(),
        Map.blank(persona="Gifts").with_cell("look", "thoughts", "hm").without_touchpoint("search"),
    )
    found = one.difference(other)
    assert set(found.rows["what"]) == {"Thoughts", "touchpoint"}
    assert one.difference(one).headline() == "The two maps say the same."


def test_the_difference_of_two_maps_names_where_emotion_differs(chart: Map):
    def happier(data: dict[str, Any]) -> None:
        cell = next(p for p in data["touchpoints"] if p["id"] == "delivery")["cells"]["emotion"]
        cell.update(value=1.0, lower=0.9, upper=1.1, text="CSAT")

    found = chart.difference(chart.changed(happier))
    assert "Gets the parcel" in found.headline()
    assert found.rows.iloc[0]["clear"]
    assert found.chart().to_dict()


def test_the_scorecard_puts_the_biggest_disagreement_first(chart: Map):
    scored = (
        chart.with_score("delivery", "appeal", 5)
        .with_score("look", "appropriateness", 1)
        .with_score("product", "appeal", 3)
    )
    card = scored.scorecard()
    top = card.rows.iloc[0]
    assert (top["touchpoint"], top["criterion"]) == ("Gets the parcel", "appeal")
    assert top["evidence"] == pytest.approx(5 * (-1.5 + 2) / 4)
    assert top["gap"] == pytest.approx(5 - 0.625)
    alone = card.rows[card.rows["touchpoint"] == "Uses the product"].iloc[0]
    assert math.isnan(alone["evidence"])
    assert "better than customers do" in card.headline()
    passed = card.rows[
        (card.rows["touchpoint"] == "Looks at a product") & (card.rows["criterion"] == "appropriateness")
    ]
    assert passed["evidence"].iloc[0] == pytest.approx(5 * (1 - chart.touchpoint("look").value("drop_off")))


@settings(max_examples=60, deadline=None)
@given(st.floats(-2, 2), st.floats(0, 0.5))
def test_a_team_that_scores_what_the_evidence_says_in_whole_numbers_does_not_disagree(value: float, half: float):
    def know(data: dict[str, Any]) -> None:
        ends = {"lower": max(value - half, -2), "upper": min(value + half, 2)}
        data["touchpoints"][0]["cells"] = {"emotion": {"source": "survey", "value": value, "n": 9000, **ends}}

    known = Map.blank().changed(know)
    key = known.touchpoints[0].id
    evidence = known.scorecard().rows["evidence"].iloc[0]
    card = known.with_score(key, "appeal", round(evidence)).scorecard()
    assert not card.rows["clear"].any()
    assert "No score of the team is clearly more than half a point" in card.headline()
    far = known.with_score(key, "appeal", 0 if evidence > 2.5 else 5).scorecard()
    assert far.rows["clear"].iloc[0]


def test_evidence_reads_events_by_other_names_and_says_what_it_does_not_know():
    found = jl.journey.evidence(
        tiny_shop(), touchpoints=[{"id": "a", "events": ["VIEW"]}, {"id": "b", "events": ["none"]}]
    )
    assert set(found.rows["touchpoint"]) == {"a"}
    with pytest.raises(jl.BadParameter):
        jl.journey.evidence(tiny_shop(), touchpoints=[{"events": ["view"]}])
    with pytest.raises(jl.NotEnoughData):
        found.chart()


def test_events_of_unknown_names_become_touchpoints_with_ids_of_their_own():
    strange = shop_of(
        {
            "events": """SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 1 MINUTE * k AS occurred_at,
                DATE '2026-03-01' AS day, ['支払い', '確認', 'product', 'Product!'][k] AS event
                FROM range(9) a(v), range(1, 5) b(k)"""
        }
    )
    chart = Map.from_data(strange)
    own = [point for point in chart.touchpoints if point.events]
    assert {point.name for point in own} == {"支払い", "確認", "product", "Product!"}
    assert all(point.cell("volume").n == 9 for point in own)
