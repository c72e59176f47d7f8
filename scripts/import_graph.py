"""Draw which packages of the library import which, from the code, into docs/explanation/layout.md."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

LIBRARY, PAGE = Path("adversarial_nets"), Path("docs/explanation/layout.md")
BEGIN, END = "<!-- import graph -->\n", "<!-- end of import graph -->\n"


def imports(library: Path) -> dict[str, set[str]]:
    """The other packages that each package of the library imports, anywhere in its modules."""
    packages = sorted(path.parent.name for path in library.glob("*/__init__.py"))
    return {package: _imported(library / package) & set(packages) - {package} for package in packages}


def _imported(package: Path) -> set[str]:
    """First names after the library's own in the imports of all modules of a package."""
    nodes = [node for path in package.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    names = {f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith(f"{package.parent.name}.")}


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The graph without what a longer way says too. Raises graphlib.CycleError if packages import one another in a circle."""
    reached: dict[str, set[str]] = {}
    for package in TopologicalSorter(graph).static_order():
        reached[package] = graph[package].union(*(reached[each] for each in graph[package]))
    return {package: each - set().union(*(reached[other] for other in each)) for package, each in graph.items()}


def mermaid(graph: dict[str, set[str]]) -> str:
    """The graph as a Mermaid drawing in Markdown."""
    arrows = [f"    {package} --> {other}" for package in sorted(graph) for other in sorted(graph[package])]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```", ""])


def drawn(page: str, library: Path) -> str:
    """The page's text with the graph between its two markers."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{mermaid(reduced(imports(library)))}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8"), LIBRARY), encoding="utf-8")
