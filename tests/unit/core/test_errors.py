"""A script's outcome is its exit status, whatever the terminal can show."""

import io
import runpy
import sys

import pytest

from adversarial_nets.core.errors import CheckFailed, InputError, exit_status
from support.experiments import ROOT

COMMANDS = [path for path in (ROOT / "adversarial_nets").rglob("*.py") if 'prog="python -m' in path.read_text(encoding="utf-8")]
STAGES = list((ROOT / "stages").glob("[!_]*.py"))
OTHERS = [ROOT / "ablations/train.py", *(ROOT / "extensions").glob("[ct]*.py")]
SCRIPTS = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (*STAGES, *COMMANDS, *OTHERS)]


def terminal(encoding: str, monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """What comes out on a terminal of such an encoding."""
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding, write_through=True))
    return shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize(("raised", "status"), [(None, None), (InputError("σ"), 2), (CheckFailed("σ"), 1)])
def test_what_the_encoding_lacks_is_replaced_and_the_status_stays(monkeypatch, encoding, raised, status) -> None:
    shown, ended = terminal(encoding, monkeypatch), None
    try:
        with exit_status():
            print("σ: −1 nats")
            if raised:
                raise raised
    except SystemExit as end:
        ended = end.code
    assert (ended, shown.getvalue()) == (status, b"?: ?1 nats\n")


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_shows_on_every_terminal(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    shown = terminal("ascii", monkeypatch)
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    monkeypatch.delitem(sys.modules, script, raising=False)  # another test may have imported it
    with pytest.raises(SystemExit) as end:
        runpy.run_module(script, run_name="__main__")
    assert end.value.code == 0
    assert b"usage: " in shown.getvalue()
