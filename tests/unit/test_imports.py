"""What may import what, as docs/architecture.md draws it."""

import ast
import re
from pathlib import Path

import pytest

ALWAYS = {"errors", "atomic", "output_folder", "progress", "stage_file", "csrc"}


def layers(repository: Path) -> list[set[str]]:
    """The lines of the page's drawing, from the ground up: names of modules and packages."""
    page = (repository / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = re.search(r"### The package, from the ground up\n.*?\n\n((?:    [^\n]*\n)+)", page, re.DOTALL)
    assert drawing is not None
    return [set(re.findall(r"\w+", line[:46])) for line in drawing[1].splitlines() if line[:46].strip()]


def imports(path: Path) -> set[str]:
    """First parts, below `micronets`, of all that a module imports at any time."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module == "micronets":
            names = [f"micronets.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("micronets.")}
    return found


def test_every_module_imports_only_what_is_drawn_above_it(repository):
    order = {name: height for height, names in enumerate(layers(repository)) for name in names}
    package = repository / "micronets"
    for path in package.rglob("*.py"):
        place = path.relative_to(package).parts[0].removesuffix(".py")
        if place in ("__init__", "__main__") or place in ALWAYS:
            continue
        assert place in order, f"docs/architecture.md does not say where micronets.{place} belongs"
        for other in imports(path) - {place} - ALWAYS:
            assert order.get(other, 99) < order[place], f"{path.relative_to(repository)} must not import {other}"


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("snakemake", set()),
        ("mlflow", {"tracking"}),
        ("tensorflow", {"backend.py", "layers", "search", "train"}),
        ("keras", {"backend.py", "checkpoint.py", "layers", "search", "train"}),
    ],
)
def test_heavy_libraries_are_imported_where_they_are_meant_to_be(repository, library, allowed):
    package = repository / "micronets"
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if any(name.split(".")[0] == library for name in names):
            assert path.relative_to(package).parts[0] in allowed, path


def test_modules_import_each_other_in_no_circle(repository):
    package = repository / "micronets"
    edges: dict[str, set[str]] = {}
    modules = {}
    for path in package.rglob("*.py"):
        name = ".".join(("micronets", *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")
        modules[name] = path
    for name, path in modules.items():
        edges[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    longer = f"{node.module}.{alias.name}"
                    edges[name].add(longer if longer in modules else node.module)
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " imports ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in sorted(edges.get(name, ())):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())
