"""The committed page in Chromium: axe-core finds no fault, charts are drawn, nothing is wider than its place or loaded."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.experiments import ROOT

PACKAGES = ["axe-core@4.14.1", "puppeteer-core@24.43.1"]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.nightly
@pytest.mark.skipif(not (BROWSER and shutil.which("npm")), reason="it needs Chromium and npm")
def test_a_browser_finds_nothing_amiss(tmp_path: Path) -> None:
    subprocess.run(["npm", "install", "--silent", "--no-save", "--ignore-scripts", *PACKAGES], cwd=tmp_path, check=True)
    script, page = Path(__file__).with_name("page_in_a_browser.js"), ROOT / "reports" / "index.html"
    environment = os.environ | {"NODE_PATH": str(tmp_path / "node_modules")}
    found = subprocess.check_output(["node", script, BROWSER, page.as_uri()], env=environment, text=True)
    assert json.loads(found) == []
