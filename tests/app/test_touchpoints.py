"""The Touchpoints page: every look at it works, says what the library says, and survives bad links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
import pytest

import journeylab as jl
from journeylab import words
from journeylab.app import controls
from journeylab.data.examples import shop_of
from journeylab.errors import NotEnoughData
from tests.app.conftest import plain

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

PAGE = "journey/touchpoints"
Open = "Callable[..., AppTest]"
LOOKS = {
    "Funnel": ("funnel", {"steps": ["view", "cart", "purchase"], "window": "14d", "by": None}),
    "Money": ("stake", {"steps": ["view", "cart", "purchase"]}),
    "Paths": ("paths", {"depth": 4}),
    "Visits": ("sessions", {}),
    "Friction": ("friction", {}),
    "Carts and search": ("carts", {}),
    "What if": ("what_if", {"source": "cart", "target": "purchase", "rate": 0.75}),
    "Who left": ("dropped", {"steps": ["view", "cart", "purchase"], "at": 2}),
}


@pytest.fixture(scope="module")
def busy() -> Dataset:
    """A shop with pages, devices, orders and searches."""
    return shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, TIMESTAMP '2026-03-01' AS ordered_at, DATE '2026-03-01' AS day,
                'completed' AS status, 30::DECIMAL(18,4) AS net FROM range(9) t(i)""",
            "events": """
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v + INTERVAL 1 MINUTE * k
                       AS occurred_at, (TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v)::DATE AS "day",
                       ['view', 'cart', 'purchase'][k] AS event, ['/', '/cart', '/thanks'][k] AS page,
                       ['mobile', 'desktop'][1 + v % 2] AS device, if(v % 5 = 0, 'mug', NULL) AS query
                FROM range(240) a(v), range(1, 4) b(k) WHERE v % (k * k) = 0 OR k = 1""",
        }
    )


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_shows_what_the_library_says(open_app: Open, busy: Dataset, look: str) -> None:
    app = open_app(PAGE, shop=busy, query={"look": look})
    assert not app.exception
    assert not app.error
    name, options = LOOKS[look]
    assert getattr(jl.journey, name)(busy, **options).headline() in headlines(app)
    assert len(app.get("vega_lite_chart")) >= 1


def test_the_checkout_is_a_look_of_its_own(open_app: Open) -> None:
    events = """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-03-01' AS occurred_at, DATE '2026-03-01' AS "day",
        'begin_checkout' AS event, '{"payment_method":"card"}' AS properties, ['tv', 'phone'][1 + i % 2] AS device
        FROM range(50) t(i) UNION ALL SELECT 'v' || i, TIMESTAMP '2026-03-02', DATE '2026-03-02', 'view', NULL, NULL
        FROM range(50) t(i)"""
    shop = shop_of({"events": events})
    app = open_app(PAGE, shop=shop, query={"look": "Checkout"})
    assert not app.exception
    assert jl.journey.checkout(shop).headline() in headlines(app)
    assert len(app.get("vega_lite_chart")) >= 1
    app = open_app(PAGE, shop=shop, query={"look": "Checkout", "by": "device", "pair": ["tv", "phone"]})
    assert not app.exception
    assert jl.journey.checkout(shop, by="device", groups=["tv", "phone"]).headline() in headlines(app)


def test_the_rules_of_the_funnel_are_in_the_link_and_in_the_python(open_app: Open, busy: Dataset) -> None:
    query = {
        "order": "in any order",
        "entry": "anyone may come in at any step",
        "count": "sessions",
        "exclude": ["view"],
    }
    app = open_app(PAGE, shop=busy, query=query | {"steps": ["cart", "purchase"], "funnel_view": "Python"})
    for said in ("order='any'", "entry='open'", "exclude=['view']"):
        assert said in app.code[0].value


def test_two_groups_are_compared_in_the_paths(open_app: Open, busy: Dataset) -> None:
    app = open_app(PAGE, shop=busy, query={"look": "Paths", "by": "device", "paths_view": "Python"})
    assert "groups=" in app.code[0].value
    assert not app.error


def test_visits_show_their_figures_with_what_they_mean_and_a_gap_on_a_slider(open_app: Open, busy: Dataset) -> None:
    app = open_app(PAGE, shop=busy, query={"look": "Visits", "gap": "20 minutes", "sessions_view": "Table"})
    assert not app.exception
    assert app.select_slider(key="gap").value == "20 minutes"
    rows = jl.journey.sessions(busy, gap="20m").table().set_index("measure")
    shown = {metric.label: metric for metric in app.metric}
    assert shown["Bounce rate"].value == rows.loc["bounce rate", "written"].split(" (")[0]
    assert "one event only" in plain(shown["Bounce rate"].proto.help)
    assert "95 % interval" in shown["Conversion rate"].proto.help
    assert app.dataframe[-1].value["written"].str.contains("%").any()


@pytest.mark.parametrize(("look", "name"), [("Funnel", "funnel"), ("Visits", "sessions"), ("Friction", "friction")])
def test_groups_are_compared_alone_where_they_are_named(open_app: Open, busy: Dataset, look: str, name: str) -> None:
    query = {"look": look, "by": "device", "only": ["mobile", "desktop"], f"{name}_view": "Python"}
    app = open_app(PAGE, shop=busy, query=query)
    assert not app.exception
    assert not app.error
    assert "groups=['" in app.code[0].value


def test_money_shows_its_ceiling_and_what_was_realised(open_app: Open, busy: Dataset) -> None:
    app = open_app(PAGE, shop=busy, query={"look": "Money", "value": "40", "margin": "50 %", "stake_view": "Python"})
    assert not app.exception
    told = jl.journey.stake(busy, steps=["view", "cart", "purchase"], value=40, margin=0.5)
    shown = {metric.label: plain(metric.value) for metric in app.metric}
    assert shown["Margin of those who bought"] == words.money(told.realised, "EUR")
    assert shown["If nobody were lost"] == words.money(told.ceiling, "EUR")
    assert "value=40.0" in app.code[0].value


def test_the_rules_of_the_funnel_go_with_who_left_and_what_money_cannot_follow_is_said(
    open_app: Open, busy: Dataset
) -> None:
    query = {"order": "in any order", "exclude": ["cart"], "unit": "sessions", "steps": ["view", "purchase"]}
    app = open_app(PAGE, shop=busy, query=query)
    app.segmented_control(key="look").set_value("Visits").run()
    app.segmented_control(key="look").set_value("Who left").run()
    assert not app.exception
    rules = {"order": "any", "exclude": ["cart"]}
    told = jl.journey.dropped(busy, steps=["view", "purchase"], at=2, **rules)
    assert told.headline() in headlines(app)
    assert any("funnel counts sessions" in caption.value for caption in app.caption)
    app.segmented_control(key="look").set_value("Money").run()
    assert any("in any order" in plain(caption.value) for caption in app.caption)
    stake = jl.journey.stake(busy, steps=["view", "purchase"], unit="session")
    assert stake.headline() in headlines(app)
    app.selectbox(key="unit").set_value("visitors").run()
    app.segmented_control(key="look").set_value("Funnel").run()
    assert app.selectbox(key="unit").value == "visitors"
    assert app.selectbox(key="order").value == "in any order"


def test_the_step_at_which_visitors_were_lost_is_chosen_by_its_name(open_app: Open, busy: Dataset) -> None:
    app = open_app(PAGE, shop=busy, query={"look": "Who left", "at": "purchase"})
    assert app.selectbox(key="at").options == ["cart", "purchase"]
    assert jl.journey.dropped(busy, steps=["view", "cart", "purchase"], at=3).headline() in headlines(app)


def test_ways_go_over_pages_and_visits_with_as_many_nodes_as_wanted(open_app: Open, busy: Dataset) -> None:
    query = {"look": "Paths", "node": "a page", "unit": "sessions", "nodes": "5", "runs": "counts once"}
    app = open_app(PAGE, shop=busy, query=query | {"way_page": "/cart", "gap": "10 minutes"})
    assert not app.exception
    asked = {"of": "page", "unit": "session", "most": 5, "repeats": False, "start": "/cart", "gap": "10m"}
    assert jl.journey.paths(busy, depth=4, **asked).headline() in headlines(app)


def test_signs_of_friction_have_their_thresholds_on_the_page(open_app: Open, busy: Dataset) -> None:
    query = {"look": "Friction", "loop": "2", "slow": "5", "place": "an event", "friction_view": "Python"}
    app = open_app(PAGE, shop=busy, query=query)
    assert not app.exception
    for said in ("loop=2", "slow=5", "place='event'"):
        assert said in app.code[0].value


def test_an_amount_that_is_none_is_said_and_left_out(open_app: Open, busy: Dataset) -> None:
    app = open_app(PAGE, shop=busy, query={"look": "Money", "value": "-3"})
    assert not app.exception
    assert any("not an amount of money" in caption.value for caption in app.caption)


def test_too_few_steps_are_said_on_every_look_that_has_steps(open_app: Open, busy: Dataset) -> None:
    for look in ("Funnel", "Money", "Who left"):
        app = open_app(PAGE, shop=busy, query={"look": look, "steps": ["view"]})
        assert not app.exception
        assert "two to" in app.error[0].proto.title


@pytest.mark.parametrize("look", LOOKS)
def test_a_period_with_one_kind_of_event_is_too_little_and_no_bug(open_app: Open, look: str) -> None:
    views = """SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' AS occurred_at, DATE '2026-03-01' AS "day",
        'view' AS event FROM range(9) t(v)"""
    app = open_app(PAGE, shop=shop_of({"events": views}), query={"look": look})
    assert not app.exception
    assert not [item.proto.title for item in app.error if "bug in journeylab" in item.proto.title]
    if look == "What if":
        assert "fewer than two kinds of events" in app.info[0].proto.title


def test_a_choice_among_nothing_is_too_little_data_and_no_bug() -> None:
    with pytest.raises(NotEnoughData, match="nothing to choose for Test"):
        controls.choice("Test", {}, key="test")


def test_the_simulated_shop_shows_its_published_counts(open_app: Open, simple_shop: Dataset) -> None:
    query = {"steps": ["catalog", "cart", "payment_done"], "within": "no limit", "funnel_view": "Table"}
    app = open_app(PAGE, shop=simple_shop, query=query)
    assert app.dataframe[-1].value["n"].tolist() == [3611, 1924, 653]
    app = open_app(PAGE, shop=simple_shop, query={"look": "Visits", "gap": "30 minutes"})
    assert any(line.startswith("6,454 sessions") for line in headlines(app))


def test_conditions_of_steps_are_in_the_link_and_a_link_brings_them_back(open_app: Open, busy: Dataset) -> None:
    details = '{"cart":{"device":"mobile","optional":true,"or":["purchase"],"within":"7 days"}}'
    query = {"steps": ["view", "cart", "purchase"], "details": details, "funnel_view": "Python"}
    app = open_app(PAGE, shop=busy, query=query)
    assert not app.exception
    assert "{'event': ['cart', 'purchase'], 'device': 'mobile', 'optional': True, 'within': '7d'}" in app.code[0].value
    assert app.query_params["details"] in (details, [details])


@pytest.mark.parametrize("details", ["{", "[]", '{"cart": 5, "view": {"or": "cart", "page": "/nowhere", "within": 3}}'])
def test_details_that_a_link_cannot_mean_are_left_out(open_app: Open, busy: Dataset, details: str) -> None:
    query = {"steps": ["view", "cart"], "details": details, "funnel_view": "Python"}
    app = open_app(PAGE, shop=busy, query=query)
    assert not app.exception
    assert "steps=['view', 'cart']" in app.code[0].value
    assert "details" not in app.query_params
    assert any("details cannot be read" in item.value for item in app.caption) == (
        details[0] != "{" or len(details) == 1
    )


@pytest.mark.parametrize(
    ("look", "name"),
    [("Carts and search", "carts"), ("What if", "what_if"), ("Who left", "dropped")],
)
def test_two_groups_are_compared_on_the_looks_that_follow_visitors(
    open_app: Open, busy: Dataset, look: str, name: str
) -> None:
    app = open_app(PAGE, shop=busy, query={"look": look, "by": "device", f"{name}_view": "Python"})
    assert not app.exception
    assert "groups=['" in app.code[0].value


def test_a_funnel_breaks_down_by_persona(open_app: Open) -> None:
    shop = personas_shop()
    app = open_app(PAGE, shop=shop, query={"by": "customer's persona", "funnel_view": "Table"})
    assert not app.exception
    assert {"regulars", "gifters"} <= set(app.dataframe[-1].value["group"])
    rows = jl.journey.funnel(shop, steps=["view", "purchase"], by="customers.persona").table()
    came = rows[rows["position"] == 2].set_index("group")["came"]
    assert came[["regulars", "gifters"]].to_dict() == {"regulars": 40, "gifters": 20}
    visits = jl.journey.sessions(shop, by="customers.persona").table()
    assert {"regulars", "gifters"} <= set(visits["group"])


def personas_shop() -> Dataset:
    """Customers of two personas, given as `personas` gives them: as a trait of customers."""
    shop = shop_of(
        {
            "events": """SELECT 'v' || i AS visitor_id, 'c' || i AS customer_id, DATE '2026-03-01' AS "day",
                TIMESTAMP '2026-03-01' AS occurred_at, 'view' AS event FROM range(100) t(i) UNION ALL
                SELECT 'v' || i, 'c' || i, DATE '2026-03-01', TIMESTAMP '2026-03-01 00:05', 'purchase'
                FROM range(100) t(i) WHERE i < 40 OR i >= 80""",
            "customers": """SELECT 'c' || i AS customer_id, if(i < 60, 'regulars', 'gifters') AS told
                FROM range(100) t(i)""",
        }
    )
    people = shop.table("customers")
    return shop.with_trait("persona", people.select("customer_id", persona=people.told))


def test_the_campaigns_that_remind_are_chosen_at_first_by_their_names(open_app: Open, shop: Dataset):
    days = "DATE '2026-01-01' + (i % 40)::INTEGER"
    contacts = f"""SELECT 'c' || i AS customer_id, {days} AS "day", ({days})::TIMESTAMP AS sent_at,
        CASE WHEN i % 2 = 0 THEN 'Left cart' ELSE 'News' END AS campaign FROM range(60) t(i)"""
    told = shop_of({"contacts": contacts})
    whole = replace(shop, tables={**shop.tables, "contacts": ibis.memtable(told.run(told.tables["contacts"]))})
    app = open_app(PAGE, shop=whole, query={"look": "Carts and search"})
    assert not app.exception
    assert app.multiselect(key="reminders").value == ["Left cart"]
    app.multiselect(key="reminders").set_value(["News"]).run()
    app.segmented_control(key="carts_view").set_value("Python").run()
    assert "campaign=['News']" in app.code[0].value
