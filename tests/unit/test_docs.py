"""What the docs name exists: links, files, make targets, modules and parameters."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from adversarial_nets.regression.docs_tables import MARKED

ROOT = Path(__file__).parents[2]
GENERATED = {ROOT / "docs/reference/parameters.md", ROOT / "docs/reference/bad_input.md"}
PAGES = [page for pattern in ("*.md", "data/*.md", "experiments/*.md", "docs/**/*.md") for page in sorted(ROOT.glob(pattern))]
WRITTEN = [page for page in PAGES if page not in GENERATED]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
WORDS = 8000  # in docs/, at 150 words a minute: less than an hour to read
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

every_page = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: Path) -> list[str]:
    """What is in backticks, and the lines of code blocks."""
    blocks = [line for _, block in FENCE.findall(text(page)) for line in block.splitlines()]
    return blocks + re.findall(r"`([^`\n]+)`", FENCE.sub("", text(page)))


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def known_to_git_or_made_by_the_pipeline(path: str) -> bool:
    """Whether the file is there, or dvc.yaml names it as an output, or git ignores it because stages write it."""
    is_output = f"- {path.rstrip('/')}:" in text(ROOT / "dvc.yaml")
    ignored = ["git", "check-ignore", path, f"{path.rstrip('/')}/"]
    return (ROOT / path).exists() or is_output or subprocess.run(ignored, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0


@every_page
def test_every_relative_link_leads_to_a_page_and_a_heading(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text(page))):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_every_file_in_backticks_exists(page):
    tops = {path.name for path in ROOT.iterdir()}
    for span in re.findall(r"`([\w.-]+/[\w./-]*)`", FENCE.sub("", text(page))):
        if span.split("/")[0] in tops:
            assert known_to_git_or_made_by_the_pipeline(span), span


@every_page
def test_every_make_target_and_module_exists(page):
    for line in code(page):
        for target in re.findall(r"\bmake ([a-z-]+)", line):
            assert target in TARGETS, line
        for module in re.findall(r"(?:python|torchrun\b.*?) -m ([\w.]+)", line):
            assert find_spec(module.rstrip(".")), line


@every_page
def test_every_parameter_that_a_command_sets_exists(page):
    for path, new, key in re.findall(r"-S [\"'](experiments/\w+\.yaml):(\+?)([\w.]+)=", text(page)):
        value = YAML(typ="safe").load(ROOT / path)
        for part in key.split("."):
            assert new or part in value, f"{path}:{key}"
            value = value.get(part, {})
    for key in re.findall(r"-S [\"']?(\w+)=", text(page)):
        assert key in YAML(typ="safe").load(ROOT / "params.yaml"), key


def test_every_target_and_every_stage_is_in_the_list_of_commands():
    listed = text(ROOT / "docs/reference/commands.md")
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    scripts = {stage.removesuffix("_baselines") for stage in stages}
    missing = {f"`make {target}" for target in TARGETS if target != "help"} | {f"`python -m stages.{name}" for name in scripts}
    assert {command for command in missing if command not in listed} == set()


def test_every_how_to_is_in_the_index():
    listed = text(ROOT / "docs/README.md")
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md") if page.name != "README.md"]
    assert [page for page in pages if f"({page})" not in listed] == []


def test_the_docs_can_be_read_in_an_hour():
    """Words outside code blocks, addresses of links and tables that are made."""
    prose = [
        re.sub(r"\]\([^)]*\)", "]", FENCE.sub("", MARKED.sub("", text(page))))
        for page in WRITTEN
        if ROOT / "docs" in page.parents
    ]
    assert sum(len(re.findall(r"\S*\w\S*", page)) for page in prose) <= WORDS


def test_the_example_of_the_parzen_window_runs():
    page = text(ROOT / "docs/how-to/score_samples.md")
    example = next(block for language, block in FENCE.findall(page) if language == "python")
    namespace: dict = {}
    exec(example, namespace)
    assert namespace["window"].log_prob(namespace["x"], [0.3, 0.5]).shape == (2, 5)
