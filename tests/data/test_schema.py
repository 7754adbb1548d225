from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from journeylab.data import schema
from journeylab.errors import SchemaError


def test_the_page_of_the_data_model_is_what_the_schema_says():
    page = Path(__file__).parents[2] / "docs" / "data-model.md"
    assert page.read_text(encoding="utf-8") == schema.markdown(), (
        "run `python -m journeylab.data.schema > docs/data-model.md`"
    )


def test_every_type_is_one_that_ibis_knows():
    for table in schema.TABLES.values():
        assert all(ibis.dtype(column.dtype) for column in table.columns)


def test_every_table_that_has_a_required_local_time_has_its_day_beside_it():
    for name in ("orders", "events", "surveys"):
        assert schema.table(name).by_name["day"].dtype == "date"
        assert any(c.dtype == schema.TIME and not c.optional for c in schema.table(name).columns)


def test_an_unknown_table_is_answered_with_those_there_are():
    with pytest.raises(SchemaError, match="orders, order_lines"):
        schema.table("basket")
