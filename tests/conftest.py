"""What every test shares: the folder of real data, and what is needed from the machine.

A test that wants data or a tool that is not there skips and says why. `JOURNEYLAB_REQUIRE=slow,browser,spark` turns
a skip of those into a failure, so that a checking machine cannot pass by lacking something.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_NO_DATA = "the real data is not there"
_BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def required() -> set[str]:
    """Return what must not be skipped, from the environment."""
    return {name.strip() for name in os.environ.get("JOURNEYLAB_REQUIRE", "").split(",") if name.strip()}


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def lacking(marker: str) -> str:
    """Say what this machine lacks for tests with `marker`; empty if nothing."""
    if marker == "browser" and find_chromium() is None:
        return "there is no Chromium on this machine"
    if marker == "browser" and not _installed("playwright"):
        return "the package playwright is not installed"
    if marker == "spark" and shutil.which("java") is None:
        return "there is no Java on this machine"
    if marker == "spark" and not _installed("pyspark"):
        return "the package pyspark is not installed"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, which share its data; all that need Spark share one cluster."""
    for item in items:
        group = "engines" if item.path.parent.name == "engines" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, what this machine cannot run."""
    for marker in ("slow", "browser", "spark"):
        if item.get_closest_marker(marker) is None:
            continue
        reason = lacking(marker)
        if reason and marker in required():
            pytest.fail(f"JOURNEYLAB_REQUIRE asks for {marker} tests, and {reason}.", pytrace=False)
        if reason:
            pytest.skip(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Turn any other skip of a required test into a failure; the real data is no part of the project and may lack."""
    outcome = yield
    report = outcome.get_result()
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    asked = [name for name in sorted(required()) if item.get_closest_marker(name)]
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if asked and _NO_DATA not in said:
        report.outcome, report.longrepr = "failed", f"JOURNEYLAB_REQUIRE asks for {', '.join(asked)}; {said}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium to drive."""
    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data that is not part of the project: JOURNEYLAB_SHARED, or `shared` beside the checkout."""
    given = os.environ.get("JOURNEYLAB_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"{_NO_DATA}: {folder / 'data'} (set JOURNEYLAB_SHARED)")
    return folder


def _installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


@pytest.fixture(scope="session")
def online_retail(shared: Path):
    """The UCI Online Retail orders."""
    from tests.shops import online_retail

    return online_retail(shared)


@pytest.fixture(scope="session")
def simple_shop(shared: Path):
    """The click stream of a simulated shop."""
    from tests.shops import simple_shop

    return simple_shop(shared)
