"""What the app imports is what it installs, and the pins are within the bounds."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _pins(name: str) -> dict[str, Requirement]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def _imports(path: Path, *, at_the_top: bool) -> set[str]:
    """Return the packages a file imports, or only those it imports without being asked to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checked = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    nodes = tree.body if at_the_top else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if id(node) in checked:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"journeylab", "__future__"}


FILES = [ROOT / "app.py", *sorted((ROOT / "journeylab").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]


@pytest.fixture(scope="module")
def homes() -> dict[str, set[str]]:
    """The distributions each importable package comes from."""
    return {package: set(map(canonicalize_name, names)) for package, names in packages_distributions().items()}


def test_everything_imported_at_the_top_of_a_file_is_installed_with_the_app(homes: dict[str, set[str]]):
    pinned = set(_pins("requirements.txt"))
    for path in FILES:
        for package in _imports(path, at_the_top=True):
            assert homes.get(package, {package}) & pinned, f"{path.name} imports {package}, which is not pinned"


def test_everything_imported_inside_a_function_is_installed_with_the_app_or_named_as_an_extra(
    homes: dict[str, set[str]],
):
    allowed = set(_pins("requirements.txt"))
    for extra in PROJECT.get("optional-dependencies", {}).values():
        allowed |= _names(extra)
    for path in FILES:
        for package in _imports(path, at_the_top=False):
            assert homes.get(package, {package}) & allowed, f"{path.name} imports {package}, which nothing installs"


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_every_pin_lies_within_the_bounds_of_the_library(line: str):
    bound, pins = Requirement(line), _pins("requirements.txt")
    [pin] = pins[canonicalize_name(bound.name)].specifier
    assert pin.operator == "=="
    assert bound.specifier.contains(pin.version)
    assert bound.extras == pins[canonicalize_name(bound.name)].extras


def test_nothing_is_pinned_that_the_library_does_not_ask_for():
    assert set(_pins("requirements.txt")) == _names(PROJECT["dependencies"])


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_to_one_version(name: str):
    for requirement in _pins(name).values():
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement


def test_the_checks_run_exactly_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\npip install -r requirements.txt && streamlit run app.py\n" in readme
    command = "pip install -r requirements-dev.txt && pytest\n"
    assert f"\n{command}" in readme
    assert f"    {command}" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
