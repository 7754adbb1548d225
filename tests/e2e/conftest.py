"""A real browser on the real app: every page it opens is watched for errors and for requests to strangers."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import journeylab as jl
from tests.e2e.server import CHROMIUM_ARGS, ROOT, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

#: Opened below its root, Streamlit looks for its server at each level of the path, the deepest first, on its own host.
PROBES = ("/_stcore/health", "/_stcore/host-config")


#: What the folder of the demo store as it was read is called.
DEMO = "journeylab-demo-"


@dataclass
class Server:
    """The app as started for the tests: its address, and the folder in which everything temporary of it lies."""

    url: str
    temp: Path

    def files(self) -> list[str]:
        """Names of files that the app keeps of anybody's data; the demo store is nobody's."""
        found = (path.relative_to(self.temp) for path in self.temp.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if not path.parts[0].startswith(DEMO))


@dataclass
class Watch:
    """What a page did behind the user's back."""

    own: str
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def demo_store() -> list[Path]:
    """The folder in which the demo store lies as it was read, so that no server reads it anew."""
    jl.demo().close()
    return list(Path(tempfile.gettempdir()).glob(f"{DEMO}*"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, demo_store: list[Path]) -> Iterator[Server]:
    """The app on a free port, with a grace of one second and uploads of at most 2 MB."""
    temp = tmp_path_factory.mktemp("app")
    for folder in demo_store:
        shutil.copytree(folder, temp / folder.name)
    with serve(ROOT / "app.py", ROOT, "--server.maxUploadSize=2", JOURNEYLAB_GRACE="1", TMPDIR=str(temp)) as url:
        yield Server(url, temp)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium with a profile of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """A function that opens the app, or the one `at` another address, as a new visitor.

    When the test ends, what the pages did is judged.
    """
    contexts, watches = [], []

    def open_it(path: str = "/", *, at: str = "", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        watches.append(_watch(page, at or server.url))
        page.goto((at or server.url) + path)
        page.get_by_role("heading", level=1).wait_for()
        return page

    yield open_it
    for context in contexts:
        context.close()
    for watch in watches:
        assert watch.hosts <= {watch.own}, "a page asked another host"
        assert not watch.errors


def _watch(page: Page, url: str) -> Watch:
    seen = Watch(urlsplit(url).netloc)
    page.on("request", lambda request: _note_host(seen, request.url))
    page.on("websocket", lambda socket: _note_host(seen, socket.url))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))

    def console(message: object) -> None:
        probe = urlsplit(message.location["url"]).path.endswith(PROBES)
        if message.type == "error" and not probe:
            seen.errors.append(f"{message.text} {message.location['url']}")

    page.on("console", console)
    return seen


def _note_host(seen: Watch, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in {"http", "https", "ws", "wss"}:
        seen.hosts.add(parts.netloc)
