"""The way from all rows to a figure adds up exactly, whatever is switched, and ends where the overview does."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.start.matching import PRESETS, SWITCHES
from tests.data.test_choices import odd_shop

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def random_shop(seed: int) -> Dataset:
    """Return 300 orders with everything that a switch is about, near both ends of January."""
    rng = np.random.default_rng(seed)

    def text(value: str | None) -> str:
        return "NULL" if value is None else f"'{value}'"

    rows = []
    for i in range(300):
        moment = pd.Timestamp("2025-12-31 12:00") + pd.Timedelta(minutes=int(rng.integers(0, 33 * 1440)))
        day = moment.tz_localize("UTC").tz_convert("Europe/Berlin").date()
        status = rng.choice(["completed", "refunded", "cancelled", "voided", "test"], p=[0.7, 0.1, 0.1, 0.05, 0.05])
        net, refunded, shipping, tax = (round(float(v), 2) for v in rng.uniform(0, 50, 4) * (rng.random(4) < 0.7))
        customer = None if rng.random() < 0.2 else "c"
        channel = [None, "web", "till", "marketplace"][rng.integers(0, 4)]
        currency = [None, "EUR", "CHF"][rng.integers(0, 3)]
        texts = ", ".join(text(v) for v in (f"o{i}", customer, str(moment), str(day), status, currency, channel))
        rows.append(f"({texts}, {net}, {refunded}, {shipping}, {tax})")
    return shop_of({
        "orders": f"""
            SELECT order_id, customer_id, moment::TIMESTAMP AS ordered_at, day::DATE AS day, status, currency,
                   sales_channel, net::DECIMAL(18,4) AS net, refunded::DECIMAL(18,4) AS refunded,
                   shipping::DECIMAL(18,4) AS shipping,
                   tax::DECIMAL(18,4) AS tax
            FROM (VALUES {", ".join(rows)}) t(order_id, customer_id, moment, day, status, currency, sales_channel,
                                              net, refunded, shipping, tax)"""
    }).between("2026-01-01", "2026-01-31")  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_the_steps_add_up_exactly_whatever_is_switched(seed: int) -> None:
    rng = np.random.default_rng(seed)
    switches = {name: str(rng.choice(options)) for name, options in SWITCHES.items() if rng.random() < 0.7}
    zone = [None, "America/New_York", "Pacific/Kiritimati"][rng.integers(0, 3)]
    found = jl.matching(random_shop(seed), preset=str(rng.choice(list(PRESETS))), zone=zone, **switches)
    steps = found.steps
    assert sum(steps["revenue"], Decimal(0)) == steps["revenue_so_far"].iloc[-1] == found.revenue
    assert steps["orders"].sum() == found.orders
    assert (steps["kind"].iloc[[0, -1]] == "total").all()
    assert (steps.loc[steps["kind"] == "less", ["orders"]] <= 0).all(axis=None)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_last_step_is_what_adding_the_rows_up_in_another_way_gives(seed: int) -> None:
    shop = random_shop(seed)
    rows = shop.run(shop.table("orders"))
    mine = rows[(rows["currency"].isna() | (rows["currency"] == "EUR")) & (rows["status"] != "test")]
    web = mine[mine["sales_channel"].isna() | (mine["sales_channel"] == "web")]
    kept = mine[~mine["status"].isin(["cancelled", "voided"])]
    total = jl.matching(shop, preset="shopify_total_sales")
    assert (total.orders, total.revenue) == (len(mine), sum(kept["net"] + kept["shipping"] + kept["tax"]))
    ga4 = jl.matching(shop, preset="ga4")
    assert (ga4.orders, ga4.revenue) == (len(web), sum(web["net"] + web["refunded"]))
    tagged = jl.matching(shop, preset="ga4", shipping="add", tax="add")
    assert tagged.revenue == sum(web["net"] + web["refunded"] + web["shipping"] + web["tax"])


def test_a_cancelled_order_is_an_order_of_shopify_whose_sales_are_zero() -> None:
    # Shopify Help Center, Sales reports: a sale on the day it was placed, and a return on the day it was cancelled
    shop = shop_of({
        "orders": """SELECT i::VARCHAR AS order_id, TIMESTAMP '2026-01-01' AS ordered_at, DATE '2026-01-01' AS day,
                            status, 20::DECIMAL(18,4) AS net, 5::DECIMAL(18,4) AS shipping, 4::DECIMAL(18,4) AS tax
                     FROM (VALUES (1, 'completed'), (2, 'cancelled'), (3, 'voided'), (4, 'test')) t(i, status)"""
    })  # fmt: skip
    net, total = (jl.matching(shop, preset=f"shopify_{kind}_sales") for kind in ("net", "total"))
    assert (net.orders, net.revenue) == (3, 20)
    assert (total.orders, total.revenue) == (3, 29)
    steps = net.steps.set_index("step")["revenue"]
    assert steps["goods of cancelled and voided orders, taken back"] == -40
    assert jl.matching(shop, cancelled="count").revenue == 60


@pytest.mark.parametrize("make", [odd_shop, lambda: random_shop(3)])
def test_our_own_way_of_counting_ends_at_the_overview(make: object) -> None:
    shop = make()
    found, overview = jl.matching(shop), jl.overview(shop)
    assert float(found.revenue) == pytest.approx(overview["revenue"].value)
    assert found.orders == overview["orders"].value


def test_another_zone_moves_only_the_orders_at_the_ends_of_the_period() -> None:
    shop = shop_of({
        "orders": """SELECT i::VARCHAR AS order_id, moment AS ordered_at, moment::DATE AS day, 'completed' AS status,
                            10::DECIMAL(18,4) AS net
                     FROM (VALUES (1, TIMESTAMP '2026-01-01 02:00'), (2, TIMESTAMP '2026-01-15 12:00'),
                                  (3, TIMESTAMP '2026-02-01 03:00'), (4, TIMESTAMP '2026-02-03 03:00')) t(i, moment)"""
    }).between("2026-01-01", "2026-01-31")  # fmt: skip
    steps = jl.matching(shop, zone="America/New_York").steps.set_index("step")["orders"]
    assert steps["all orders in the files"] == 2
    assert steps["orders outside the period in America/New_York"] == -1
    assert steps["orders in the period only in America/New_York"] == 1
    assert len(jl.matching(shop, zone="UTC").steps) == 2


def test_the_figure_seen_elsewhere_is_compared() -> None:
    assert "You see €46 more" in jl.matching(odd_shop(), seen=100).headline()
    assert jl.matching(odd_shop(), seen=54).headline().endswith("That is what you see.")


def test_the_invoices_and_cancellations_of_online_retail_are_the_published_ones(online_retail: Dataset) -> None:
    steps = jl.matching(online_retail).steps.set_index("step")["orders"]
    assert steps["all orders in the files"] == 25_900
    assert steps["cancelled and voided orders"] == -3836
    assert jl.matching(online_retail).orders == 22_064
    assert float(jl.matching(online_retail, cancelled="count").revenue) == pytest.approx(9_747_747.934, abs=0.0005)


@pytest.mark.parametrize("bad", [{"preset": "amazon"}, {"zone": "Mars/One"}, {"tax": "maybe"}, {"seen": float("nan")}])
def test_what_cannot_be_switched_is_said(bad: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        jl.matching(odd_shop(), **bad)


def test_a_period_without_orders_is_said() -> None:
    with pytest.raises(NotEnoughData):
        jl.matching(odd_shop().between("2027-01-01", "2027-02-01"))


def test_doubled_prices_double_the_money_and_leave_the_orders() -> None:
    from dataclasses import replace

    shop = odd_shop()
    orders = shop.tables["orders"]
    twice = orders.mutate(
        net=(orders.net * 2).cast("decimal(18,4)"), refunded=(orders.refunded * 2).cast("decimal(18,4)")
    )
    one, two = jl.matching(shop), jl.matching(replace(shop, tables={"orders": twice}, fingerprint="twice"))
    assert (two.revenue, two.orders) == (2 * one.revenue, one.orders)
