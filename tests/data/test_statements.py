"""Statements kept by their shape: other values give what asking anew would give, whatever the values are."""

from __future__ import annotations

import random

import pytest

from journeylab.data import statements
from journeylab.data.engine import EmbeddedEngine, literal

ODD = ["plain", "it's", "'; DROP TABLE t; --", 'a "quoted" name', "place 1", "\\", "Ünï\ncode", "8000000000000000", ""]


@pytest.fixture
def engine(tmp_path):
    engine = EmbeddedEngine(tmp_path, threads=1)
    rows = ", ".join(f"({literal(name)}, {n})" for n, name in enumerate(ODD))
    engine.sql(f"CREATE TABLE t AS SELECT * FROM (VALUES {rows}) v(name, n)")
    yield engine
    engine.close()


def build_on(table, written):
    def build(texts, numbers):
        written.append((texts, numbers))
        found = table.filter(table.name.isin(texts), table.n >= numbers[0], table.n < numbers[-1])
        return found.order_by("n").mutate(day=found.n.cast("timestamp").date(), none=found.n.nullif(3))

    return build


def test_a_shape_is_written_once_and_answers_for_any_values(engine):
    written = []
    build, rng = build_on(engine.table("t"), written), random.Random(0)
    for _ in range(40):
        texts, numbers = rng.sample(ODD, 3), sorted(rng.sample(range(12), 2))
        got = engine.run_shape("shape", build, texts, numbers)
        assert len(written) == 1
        want = engine.run(build(texts, numbers))
        written.pop()
        assert got.equals(want)
        assert got.dtypes.equals(want.dtypes)


def test_a_value_never_becomes_part_of_the_statement(engine):
    build = build_on(engine.table("t"), [])
    assert engine.run_shape("shape", build, ["'; DROP TABLE t; --"], [0, 99])["name"].tolist() == [ODD[2]]
    assert engine.sql("SELECT count(*) FROM t") == [(len(ODD),)]


def test_values_that_look_like_placeholders_stay_what_they_are(engine):
    build, seen = build_on(engine.table("t"), []), []
    engine.run_shape("shape", lambda texts, numbers: seen.append((texts, numbers)) or build(texts, numbers), ["a"], [0])
    (placeholders, numbers), odd = seen[0], [f"{seen[0][0][0]}", str(seen[0][1][0])]
    engine.sql("INSERT INTO t SELECT unnest($1), 5", [odd])
    assert set(engine.run_shape("shape", build, [odd[0]], [0])["name"]) == set()
    assert engine.run_shape("wider", build, odd, [0, 9])["name"].tolist() == odd
    assert (len(placeholders), len(numbers)) == (1, 1)


def test_the_shapes_longest_unused_are_forgotten(engine, monkeypatch):
    monkeypatch.setattr(statements, "MOST", 2)
    written = []
    build = build_on(engine.table("t"), written)
    for shape in ("one", "two", "one", "three", "one", "two"):
        engine.run_shape(shape, build, ["plain"], [0, 9])
    assert len(written) == 4
