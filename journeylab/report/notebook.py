"""A page as a notebook: its calls in order, with its words between them, and the data it reads.

The bundle is a zip of the notebook and `shop.zip`, the shop's lab file. Run where journeylab is installed, the notebook
gives the page's figures again.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from journeylab.data import workspace
from journeylab.report import privacy
from journeylab.report.markdown import escape
from journeylab.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from journeylab.data.dataset import Dataset

SHOP_FILE = "shop.zip"


@dataclass
class Story:
    """What a page says and shows, in order.

    Args:
        title: The page's title.
        question: The sentence that says what it answers.
        steps: Words and Results as they came.
        shop: The shop that the Results are of, where it is not the page's own.
    """

    title: str
    question: str
    steps: list[str | Result] = field(default_factory=list)
    shop: Dataset | None = None

    @property
    def slug(self) -> str:
        """The title as a file name."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") or "page"


def bundle(story: Story, shop: Dataset, target: IO[bytes] | Path) -> None:
    """Write the zip of the notebook and the data it reads.

    Args:
        story: What the page says and shows.
        shop: The whole shop; the notebook cuts it as the page did.
        target: Where to write.
    """
    from journeylab.data import lab_file

    with workspace.passing_folder() as folder, zipfile.ZipFile(target, "w") as archive:
        data = folder / SHOP_FILE
        lab_file.save(shop, data)
        archive.write(data, SHOP_FILE, zipfile.ZIP_STORED)
        archive.writestr(f"{story.slug}.ipynb", write(story), zipfile.ZIP_DEFLATED)


def write(story: Story) -> str:
    """Return the notebook as text."""
    import nbformat

    book = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python"}})
    book.cells = list(_cells(story))
    for place, cell in enumerate(book.cells):
        cell.id = f"cell-{place}"
    nbformat.validate(book)
    return nbformat.writes(book)


def _cells(story: Story) -> Iterable[Any]:
    import nbformat

    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    results = [step for step in story.steps if isinstance(step, Result)]
    yield text(
        f"# {escape(story.title)}\n\n{escape(story.question)}\n\n"
        f"The data is in `{SHOP_FILE}` beside this notebook. {privacy.IDS} Nothing is fetched from outside."
    )
    yield code(
        "import altair as alt\n"
        "import journeylab as jl\n\n"
        'alt.renderers.enable("png", scale_factor=2)  # charts are drawn on this machine\n'
        f'shop = jl.open("{SHOP_FILE}")'
    )
    cut: tuple[str, ...] = ()
    names: dict[str, int] = {}
    for step in story.steps:
        if isinstance(step, str):
            yield text(escape(step))
            continue
        call = step.call
        if call is None:
            continue
        window = tuple(line for line in call.shop if line.startswith("shop = shop.between("))
        if window != cut:
            yield code("\n".join(window or (f'shop = jl.open("{SHOP_FILE}")',)))
            cut = window
        names[call.noun] = names.get(call.noun, 0) + 1
        name = call.noun if names[call.noun] == 1 else f"{call.noun}_{names[call.noun]}"
        yield text(f"## {escape(step.headline())}")
        yield code("\n".join([*call.lines(name), f"print({name}.headline())", f"{name}.chart()"]))
        yield code(f"{name}.table()")
        if step.caveats:
            yield text("\n".join(f"- {escape(caveat)}" for caveat in step.caveats))
    if not results:
        yield text("This page shows no figures yet.")
