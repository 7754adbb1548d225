"""A page's notebook runs by itself and finds the page's figures again."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import nbformat
import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from journeylab.report.notebook import Story, bundle, write

ROOT = Path(__file__).resolve().parents[2]


def story_of(shop: object) -> Story:
    story = Story("Overview & more", "How is *the shop* doing?")
    story.steps += [
        "First the whole.",
        jl.overview(shop),
        jl.customers.rfm(shop, bins=2),
        jl.customers.rfm(shop, bins=3),
        jl.journey.funnel(shop, steps=["view", "cart"], window=None),
    ]
    return story


def test_the_notebook_is_valid_says_the_pages_words_and_makes_its_calls_in_order() -> None:
    shop = tiny_shop().between("2026-01-01", "2026-02-20")
    book = nbformat.reads(write(story_of(shop)), as_version=4)
    nbformat.validate(book)
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    places = [
        code.index(part)
        for part in (
            'shop = jl.open("shop.zip")',
            'shop = shop.between("2026-01-01", "2026-02-20")',
            "overview = jl.overview(shop)",
            "rfm = jl.customers.rfm(shop, bins=2)",
            "rfm_2 = jl.customers.rfm(shop, bins=3)",
            "funnel = jl.journey.funnel(shop, steps=['view', 'cart'], window=None)",
        )
    ]
    assert places == sorted(places)
    assert any("First the whole." in cell.source for cell in book.cells)
    assert r"\*the shop\*" in book.cells[0].source


def test_the_same_page_gives_the_same_notebook() -> None:
    assert write(story_of(tiny_shop())) == write(story_of(tiny_shop()))


def test_the_bundle_holds_the_notebook_and_the_data_and_nothing_else() -> None:
    target = io.BytesIO()
    bundle(story_of(tiny_shop()), tiny_shop(), target)
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == ["overview-more.ipynb", "shop.zip"]


@pytest.mark.slow
def test_the_notebook_runs_and_finds_the_pages_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    whole = tiny_shop()
    shop = whole.between("2026-01-10", "2026-02-20")
    story = story_of(shop)
    bundle(story, whole, tmp_path / "page.zip")
    with zipfile.ZipFile(tmp_path / "page.zip") as archive:
        archive.extractall(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    book = nbformat.read(tmp_path / "overview-more.ipynb", as_version=4)
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed, tables, pictures = "", "", 0
    for cell in book.cells:
        for output in cell.get("outputs", []):
            printed += output.get("text", "")
            tables += output.get("data", {}).get("text/html", "")
            pictures += "image/png" in output.get("data", {})
    results = [step for step in story.steps if not isinstance(step, str)]
    for result in results:
        assert result.headline() in printed
        assert result.table()._repr_html_() in tables
    assert pictures == len(results)
