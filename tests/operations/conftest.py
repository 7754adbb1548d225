"""The demo store, opened once for what is planted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journeylab.data.dataset import Dataset


@pytest.fixture(scope="session")
def demo() -> Iterator[Dataset]:
    """The demo store."""
    shop = jl.demo()
    yield shop
    shop.close()
