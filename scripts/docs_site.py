"""What the docs site has beside docs/: files of the repository that its pages link to, and the library's docstrings.

MkDocs calls these functions: mkdocs.yml names this file.
"""

import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINKED = [
    "benchmarks/*.md",
    "data/README.md",
    "gate.yaml",
    "reports/*.md",
    "reports/ablations/*.*",
    "reports/extensions/*.*",
    "reports/extensions/reference/*/README.md",
    "reports/extensions/reference/*/runs/*/*/figure.png",
    "reports/extensions/runs/*/*/figure.png",
    "scripts/seeds.sbatch",
]
REMOTE = re.compile(r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>")


def on_files(files: Files, config: dict) -> Files:
    """Add the linked files under ``repository/``, and a page for each package under ``reference/api/``."""
    for path in (path for pattern in LINKED for path in sorted(ROOT.glob(pattern))):
        files.append(File.generated(config, f"repository/{path.relative_to(ROOT)}", abs_src_path=str(path)))
    for package in sorted(ROOT.glob("adversarial_nets/*/__init__.py")):
        files.append(File.generated(config, f"reference/api/{package.parent.name}.md", content=_api(package.parent)))
    return files


def on_page_markdown(markdown: str, page: object, **_: object) -> str:
    """Lead links out of docs/ to those copies."""
    up = "../" * page.file.src_uri.count("/")
    return markdown.replace(f"]({up}../", f"]({up}repository/")


def on_post_page(output: str, page: object, **_: object) -> None:
    """Raises PluginError if a page loads anything from the network."""
    if found := REMOTE.search(output):
        raise PluginError(f"{page.file.src_uri} loads {found[0]}")


def _api(package: Path) -> str:
    """Every module of a package, in Markdown that mkdocstrings fills in."""
    modules = [path.relative_to(ROOT).with_suffix("") for path in sorted(package.rglob("*.py")) if path.stem != "__init__"]
    return "\n\n".join([f"# adversarial_nets.{package.name}", *(f"::: {'.'.join(module.parts)}" for module in modules)])
