"""One customer's timeline holds every moment once, in order, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop
from journeylab.errors import BadParameter, NotEnoughData
from tests.customers.test_identity import TABLES

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def lives() -> Dataset:
    """The people of the identity tests, with two answers, a support case and two messages."""
    return shop_of(TABLES | {
        "surveys": """
            SELECT response_id, customer_id, moment::TIMESTAMP AS answered_at, moment::DATE AS day, 'nps' AS kind,
                   9.0::DOUBLE AS score, 'delivery' AS touchpoint
            FROM (VALUES ('r1', 'ann', '2026-01-12 08:00'), ('r2', 'ben', '2026-01-12 09:00'))
                t(response_id, customer_id, moment)""",
        "tickets": """SELECT 't1' AS ticket_id, 'ann' AS customer_id, TIMESTAMP '2026-01-11 10:00' AS opened_at,
                             NULL::VARCHAR AS topic""",
        "contacts": """SELECT customer_id, moment::TIMESTAMP AS sent_at, 'news' AS campaign
                       FROM (VALUES ('ann', '2026-01-08 07:00'), ('ben', '2026-01-08 07:00')) t(customer_id, moment)""",
    })  # fmt: skip


def test_every_moment_of_one_customer_is_there_once_and_in_order() -> None:
    rows = jl.customers.timeline(lives(), customer_id="ann").table()
    assert [(str(row["at"]), row["kind"], row["what"]) for _, row in rows.iterrows()] == [
        ("2026-01-01 09:00:00", "visit", "2 events"),
        ("2026-01-03 00:00:00", "order", "1, completed"),
        ("2026-01-03 10:00:00", "visit", "2 events"),
        ("2026-01-05 10:01:00", "visit", "1 event"),
        ("2026-01-08 07:00:00", "message", "news"),
        ("2026-01-09 00:00:00", "order", "2, completed"),
        ("2026-01-11 10:00:00", "support case", "no topic"),
        ("2026-01-12 08:00:00", "answer", "nps"),
    ]


def test_the_window_and_the_limit_cut_and_say_so() -> None:
    cut = jl.customers.timeline(lives().between("2026-01-08", "2026-01-11"), customer_id="ann")
    assert cut.table()["kind"].tolist() == ["message", "order", "support case"]
    latest = jl.customers.timeline(lives(), customer_id="ann", limit=2)
    assert latest.table()["kind"].tolist() == ["support case", "answer"]
    assert latest.n == 8
    assert latest.caveats[0] == "The latest 2 of 8 moments are shown."


def test_times_are_shown_in_the_shops_own_zone() -> None:
    berlin = jl.customers.timeline(replace(lives(), time_zone="Europe/Berlin"), customer_id="ann")
    assert str(berlin.table()["at"].iloc[0]) == "2026-01-01 10:00:00"


def test_a_shop_of_orders_alone_has_a_timeline_too() -> None:
    assert jl.customers.timeline(tiny_shop(), customer_id="b").headline() == "1 order from 15 Jan 2026 to 15 Jan 2026."


def test_identified_or_not_the_life_is_the_same() -> None:
    one, other = (jl.customers.timeline(of, customer_id="ann") for of in (lives(), lives().identified()))
    assert one.table().equals(other.table())
    one.chart().to_dict()


def test_a_stranger_and_a_name_that_is_none_are_said() -> None:
    with pytest.raises(NotEnoughData, match="Nothing is known of the customer nobody"):
        jl.customers.timeline(lives(), customer_id="nobody")
    with pytest.raises(BadParameter):
        jl.customers.timeline(lives(), customer_id="")
