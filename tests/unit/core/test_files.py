"""Outputs are whole or absent, nothing is left beside them, and the same content gives the same bytes whenever it is written."""

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adversarial_nets.core import files

TABLE = pd.DataFrame({"epoch": [1, 2], "value": [0.1, math.nan], "name": ["σ", "a,b"]})
WRITERS = {
    "json": lambda path: files.write_json(path, {"σ": 0.1, "b": [1, None], "a": True}),
    "csv": lambda path: files.write_csv(path, TABLE),
    "npy": lambda path: files.write_npy(path, np.arange(6, dtype=np.float32).reshape(2, 3)),
    "npz": lambda path: files.write_npz(path, b=np.arange(3), a=np.array("text")),
}


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything under a folder: the content of files, None for folders."""
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in sorted(folder.rglob("*"))}


def old_output(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
        path /= "old.txt"
    path.write_text("old")


# replacing()


def test_a_new_file_takes_its_place_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "a" / "b" / "file.txt") as temporary:
        temporary.write_text("new")
    assert tree(tmp_path) == {"a": None, "a/b": None, "a/b/file.txt": b"new"}


def test_an_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with files.replacing(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        temporary.write_text("new")
    assert tree(tmp_path) == {"file.txt": b"new"}


def write_and_fail(path: Path, kind: str, exception: type[BaseException]) -> None:
    with files.replacing(path) as temporary:
        if kind == "folder":
            temporary.mkdir()
            temporary /= "new.txt"
        temporary.write_text("half")
        raise exception


@pytest.mark.parametrize("exception", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_failing_block_leaves_what_was_there_and_no_litter(tmp_path: Path, kind: str, exception: type[BaseException]) -> None:
    old_output(tmp_path / "output", kind)
    before = tree(tmp_path)
    with pytest.raises(exception):
        write_and_fail(tmp_path / "output", kind, exception)
    assert tree(tmp_path) == before


def test_a_failing_block_of_a_new_file_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(tmp_path / "output", "file", KeyboardInterrupt)
    assert tree(tmp_path) == {}


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "below" / "old.txt").write_text("old")
    with files.replacing(tmp_path / "folder") as temporary:
        temporary.mkdir()
        (temporary / "new.txt").write_text("new")
        assert (tmp_path / "folder" / "below" / "old.txt").exists()
    assert tree(tmp_path) == {"folder": None, "folder/new.txt": b"new"}


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_block_that_writes_nothing_takes_nothing_away(tmp_path: Path, kind: str) -> None:
    old_output(tmp_path / "output", kind)
    before = tree(tmp_path)
    with pytest.raises(FileNotFoundError), files.replacing(tmp_path / "output"):
        pass
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_link_points_to_is_not_written_to(tmp_path: Path, kind: str) -> None:
    """With DVC's cache type `symlink` an output is a link into the cache, whose content must never change."""
    cached, output = tmp_path / "cached", tmp_path / "output"
    cached.mkdir()
    (cached / "old.txt").write_text("old")
    output.symlink_to(cached if kind == "folder" else cached / "old.txt")
    with files.replacing(output) as temporary:
        temporary.write_text("new")
    assert tree(cached) == {"old.txt": b"old"}
    assert not output.is_symlink()
    assert output.read_text() == "new"


def test_a_failing_write_leaves_the_old_json(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", [1])
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "a.json", {"value": object()})
    assert tree(tmp_path) == {"a.json": b"[\n  1\n]\n"}


# Bytes


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_bytes_do_not_depend_on_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]) -> None:
    write(tmp_path / "first")
    later = time.time() + 400 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    write(tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("name", ["json", "csv"])
def test_text_is_utf8_with_line_feeds_and_ends_in_one(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / "text")
    content = (tmp_path / "text").read_bytes()
    assert "σ" in content.decode("utf-8")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert not content.endswith(b"\n\n")


def test_json_keeps_its_order_and_comes_back(tmp_path: Path) -> None:
    value = {"b": 1, "a": {"d": [0.1, "σ"], "c": None}}
    files.write_json(tmp_path / "a.json", value)
    back = files.read_json(tmp_path / "a.json")
    assert back == value
    assert [list(back), list(back["a"])] == [["b", "a"], ["d", "c"]]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_knows_no_nan(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "a.json", {"a": [value]})
    assert tree(tmp_path) == {}


def test_csv_is_what_it_says(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "a.csv", TABLE)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == 'epoch,value,name\n1,0.1,σ\n2,,"a,b"\n'


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), min_size=1, max_size=20))
@example([1 / 3, -2 / 3e30, 1234567890.123])
def test_csv_keeps_nine_digits(values: list[float]) -> None:
    assert csv_and_back(np.array(values)) == pytest.approx(values, rel=5e-9, abs=0)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False), min_size=1, max_size=20))
@example([float(np.float32(0.1)), float(np.nextafter(np.float32(1), np.float32(2)))])
def test_csv_keeps_every_float32_apart(values: list[float]) -> None:
    assert csv_and_back(np.array(values, np.float32)).astype(np.float32).tolist() == values


def csv_and_back(values: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        files.write_csv(path, pd.DataFrame({"value": values}))
        return np.array([float(line) for line in path.read_text().splitlines()[1:]])


def test_arrays_come_back_with_their_types(tmp_path: Path) -> None:
    array = np.array([[0, 255]], np.uint8)
    files.write_npy(tmp_path / "a.npy", array)
    files.write_npz(tmp_path / "a.npz", pixels=array, title=np.array("σ"))
    back = np.load(tmp_path / "a.npy", allow_pickle=False)
    np.testing.assert_array_equal(back, array, strict=True)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["pixels"], array, strict=True)
        assert str(arrays["title"]) == "σ"


def test_an_archive_has_the_same_bytes_under_every_python(tmp_path: Path) -> None:
    files.write_npz(tmp_path / "a.npz", pixels=np.arange(2000.0), title=np.array("σ"))
    assert files.digest(tmp_path / "a.npz", "md5") == "d1ebbe932e12e8234f4006b0e2506f59"
