"""The folder that remembers holds one file that only its user can read, and nothing once it is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data import lab_file, remembered
from journeylab.data.examples import tiny_shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOURNEYLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_nothing_is_there_before_the_user_says_so(home: Path) -> None:
    assert remembered.found() is None
    assert not home.exists()


def test_what_is_kept_opens_to_the_same_figures_and_only_its_user_can_read_it(home: Path) -> None:
    shop = tiny_shop().choose(zero_orders="leave_out").with_edit("map", [1])
    path = remembered.keep(shop)
    assert remembered.found() == path
    assert (home.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    again = jl.open(path)
    assert (again.choices, again.edits, again.fingerprint) == (shop.choices, shop.edits, shop.fingerprint)
    assert lab_file.key_in(path) is None


def test_keeping_again_replaces_and_forgetting_leaves_nothing(home: Path) -> None:
    remembered.keep(tiny_shop())
    remembered.keep(tiny_shop().with_edit("map", [2]), key=b"k" * 16)
    assert len(list(home.iterdir())) == 1
    assert lab_file.key_in(remembered.found()) == b"k" * 16
    remembered.forget()
    assert not home.exists()
    remembered.forget()


def test_what_else_the_user_put_there_is_left_alone(home: Path) -> None:
    remembered.keep(tiny_shop())
    (home / "mine.txt").write_text("mine")
    remembered.forget()
    assert [path.name for path in home.iterdir()] == ["mine.txt"]
