"""Bad inputs, and what each gets: tests/pipeline/test_bad_input.py runs every row.

`PYTHONPATH=tests python -m support.bad_input` writes docs/reference/bad_input.md, which is made of them. An ellipsis in a message
stands for what differs from machine to machine.
"""

import ctypes
import dataclasses
import errno
import gzip
import hashlib
import itertools
import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from torchvision.datasets import CIFAR10, MNIST

from adversarial_nets.core import files
from adversarial_nets.data import downloads
from adversarial_nets.data import prepared as datasets
from adversarial_nets.parameters.data_sets import CIFAR10_ARCHIVE
from adversarial_nets.running import locks
from support.experiments import ROOT
from support.faces import faces, put_fer2013, tfd_variables, write_tfd
from support.source_files import FOLDER, Archives, Batches, idx

PAGE = ROOT / "docs/reference/bad_input.md"
ACCEPTED = "accepted"
RAW = Path("data/raw/MNIST/raw")
CIFAR10_BATCH, TFD, FER = f"data/raw/{FOLDER}/data_batch_3", "data/raw/TFD_48x48.mat", "data/raw/fer2013/fer2013.csv"
LAST = "t10k-labels-idx1-ubyte.gz"
FETCH = "could not be downloaded from any of …; put it by hand in data/raw/MNIST/raw. …"
EXPERIMENT, OWN = "experiments/mnist5k.yaml", "own.npz"
OTHER = "experiments/mnist5k_deep_belief_network.yaml"
DATA, GENERATOR = "data/prepared/mnist5k.npz", "models/mnist5k/0/generator.safetensors"
DRAWN, CHOICE = "samples/mnist5k/0.npy", "scores/mnist5k/0/cross_validation.json"
SCORED = "scores/mnist5k/0/log_likelihoods.npz"


@dataclasses.dataclass
class Scene:
    """Where a bad input is put: the folder of a small finished run, entered; the mirror's manner can be chosen."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    cleaning: list[Callable[[], Any]] = dataclasses.field(default_factory=list)

    def set(self, name: str, value: Any) -> None:
        """A parameter, by the name that `dvc exp run -S` takes."""
        file, _, path = name.rpartition(":")
        values = YAML(typ="safe").load(self.folder / (file or "params.yaml"))
        section, (*keys, last) = values, path.split(".")
        for key in keys:
            section = section[key]
        section[last] = value
        YAML(typ="safe").dump(values, self.folder / (file or "params.yaml"))

    def archives(self, *missing: str) -> Archives:
        """Small archives in the official format, which the parameters then ask for; some may be missing."""
        archives = Archives()
        self.set("experiments/mnist.yaml:data", archives.parameters.model_dump())
        archives.put(self.folder / RAW, *(name for name in archives.contents if name not in missing))
        return archives

    def mirror(self, serve: Callable[[BaseHTTPRequestHandler, bytes], None], archives: Archives) -> None:
        """A server on this machine that sends archives in a manner of its own."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                serve(self, archives.contents[self.path[1:]])

            def do_HEAD(self) -> None:
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.block_on_close = True, False
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.cleaning += [server.shutdown, server.server_close]
        self.monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])

    def mount(self, folder: str, options: str) -> None:
        """A small file system of its own, if this process may mount one."""
        (self.folder / folder).mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder / folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs the right to mount a tmpfs")
        self.cleaning.append(lambda: subprocess.run(["umount", str(self.folder / folder)], check=True))

    def forbid(self, file: str) -> None:
        """Take everybody's right to a file or a folder away, and this process's to open it all the same."""
        (self.folder / file).chmod(0)
        self.cleaning += [give_up_privileges(), lambda: (self.folder / file).chmod(0o755)]

    def limit_file_size(self, size: int) -> None:
        """What a file may grow to, in bytes: as in a temporary folder that is too small."""
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
        self.cleaning.append(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, usual))


def give_up_privileges() -> Callable[[], Any]:
    """Let permissions count for root too, in this thread; the result brings its privileges back."""
    libc, header = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0)  # the third version of the call, this thread
    usual = (ctypes.c_uint32 * 6)()
    if libc.capget(header, usual):
        pytest.skip("needs Linux's capabilities")
    fewer = (ctypes.c_uint32 * 6)(*usual)
    fewer[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert libc.capset(header, fewer) == 0
    return lambda: libc.capset(header, usual)


class Row(NamedTuple):
    """A bad input: what is wrong, the stage that meets it, how it comes about, the exit status and the message."""

    kind: str
    given: str
    stage: tuple[str, ...]
    spoil: Callable[[Scene], Any]
    status: int
    said: str

    def is_answered_by(self, message: str) -> bool:
        """Whether a message is the one in the table, but for its ellipses."""
        return re.fullmatch(".*".join(map(re.escape, self.said.split("…"))), message) is not None


# Ways to spoil things


def flip_a_bit(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_archive(spoil: Callable[[Path], None]) -> Callable[[Scene], None]:
    return lambda scene: (scene.archives(), spoil(scene.folder / RAW / LAST))


def swap(path: Path) -> None:
    shutil.copy(path.with_name(LAST.replace("t10k", "train")), path)


def served(serve: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Callable[[Scene], None]:
    return lambda scene: scene.mirror(serve, scene.archives(LAST))


def send(handler: BaseHTTPRequestHandler, body: bytes, length: int | None = None, kind: str = "application/gzip") -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(length or len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def crawl(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, b"", length=len(body))
    for byte in body:
        try:
            handler.wfile.write(bytes([byte]))
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                raise
            return
        time.sleep(0.05)


def quickly(serve: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Callable[[Scene], None]:
    """With less patience than the half minute of every day."""
    return lambda scene: (scene.monkeypatch.setattr(downloads, "SILENCE", 0.6), served(serve)(scene))


def of_another_shape(scene: Scene) -> None:
    archives = scene.archives()
    name = "train-images-idx3-ubyte.gz"
    content = gzip.compress(idx(np.zeros((12, 28, 27), np.uint8)), mtime=0)
    (scene.folder / RAW / name).write_bytes(content)
    scene.set("experiments/mnist.yaml:data.md5", archives.md5 | {name: hashlib.md5(content).hexdigest()})
    fetched(scene, "mnist")


def of_cifar10(spoil: Callable[[Path], Any]) -> Callable[[Scene], None]:
    """Small files in the official format, of which one is spoiled; with checksums of what they were."""

    def put_there(scene: Scene) -> None:
        official = Batches(scene.folder / "official")
        scene.set("experiments/cifar10_mlp.yaml:data", official.parameters().model_dump())
        shutil.copytree(official.folder, scene.folder / "data/raw" / FOLDER)
        spoil(scene.folder / CIFAR10_BATCH)

    return put_there


def of_cifar10_archive(spoil: Callable[[Path], Any]) -> Callable[[Scene], None]:
    """The same as an archive."""

    def put_there(scene: Scene) -> None:
        official = Batches(scene.folder / "official")
        scene.set("experiments/cifar10_mlp.yaml:data", official.parameters().model_dump())
        (scene.folder / "data/raw").mkdir()
        spoil(Path(shutil.copy(official.archive, scene.folder / "data/raw")))

    return put_there


def harm(path: Path) -> None:
    """A pickle that makes a file when it is opened."""
    path.write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")


def of_tfd(spoil: Callable[[Path], Any] = lambda path: None, **changes: Any) -> Callable[[Scene], None]:
    """A file in TFD's format, with other variables than it should have, or spoiled."""

    def put_there(scene: Scene) -> None:
        write_tfd(scene.folder / TFD, **changes)
        spoil(scene.folder / TFD)

    return put_there


def a_web_page(path: Path) -> None:
    path.write_text("<html>Sign in</html>")


def in_a_later_format(path: Path) -> None:
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + path.read_bytes()[128:])


def without_images_for_testing() -> np.ndarray:
    folds = tfd_variables()["folds"]
    return np.where(folds == 3, 1, folds).astype(np.uint8)


def of_fer2013(spoil: Callable[[Path], Any]) -> Callable[[Scene], None]:
    def put_there(scene: Scene) -> None:
        put_fer2013(scene.folder / "data/raw", faces(60), scene.monkeypatch)
        spoil(scene.folder / FER)

    return put_there


def of_images(spoil: Callable[[Path], Any], **arrays: np.ndarray) -> Callable[[Scene], None]:
    """A file of one's own for the default experiment, or a folder of that name; then spoiled."""

    def put_there(scene: Scene) -> None:
        scene.set(f"{EXPERIMENT}:data.path", OWN)
        scene.set(f"{EXPERIMENT}:data.sha256", None)
        np.savez(scene.folder / OWN, **arrays)
        spoil(scene.folder / OWN)

    return put_there


def a_damaged_png(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "1.png").write_bytes(b"\x89PNG")


def an_empty_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_folder_of_pngs(path: Path) -> None:
    """Of which one that cannot be opened must not be left out without a word."""
    an_empty_folder(path)
    for name in "ab":
        (path / name).mkdir()
        Image.fromarray(IMAGES[0]).save(path / name / "1.png")


IMAGES = np.zeros((150, 28, 28), np.uint8)


def few_faces(scene: Scene) -> None:
    of_fer2013(lambda path: None)(scene)
    fetched(scene, "fer2013")


def fetched(scene: Scene, name: str) -> None:
    """As the stage `fetch` does it."""
    shutil.copytree(scene.folder / "data/raw", scene.folder / "data/sources" / name)


def setting(path: str, value: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.set(path, value)


def spoiled(file: str, spoil: Callable[[Path], Any]) -> Callable[[Scene], None]:
    return lambda scene: spoil(scene.folder / file)


def prepared(**changes: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Changes arrays of prepared data."""

    def spoil(path: Path) -> None:
        data = datasets.load(path)
        datasets.save(dataclasses.replace(data, **{name: change(getattr(data, name)) for name, change in changes.items()}), path)

    return spoil


def samples(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda path: files.write_npy(path, change(np.load(path)))


def one_nan(values: np.ndarray) -> np.ndarray:
    values[3, 5] = np.nan
    return values


def without_a_class(scene: Scene) -> None:
    spoiled(DATA, prepared(labels=lambda labels: np.where(labels == 3, 4, labels).astype(np.uint8)))(scene)


def a_file_instead(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("a file where a folder should be")


def a_folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_folder_too_high(path: Path) -> None:
    """The files without their folder."""
    shutil.copytree(path.parent, path.parents[1], dirs_exist_ok=True)
    shutil.rmtree(path.parent)


def forbidden(file: str, put: Callable[[Scene], Any] = lambda scene: None) -> Callable[[Scene], None]:
    return lambda scene: (put(scene), scene.forbid(file))


def with_little_space(put: Callable[[Scene], Any], size: int = 4096) -> Callable[[Scene], None]:
    return lambda scene: (put(scene), scene.limit_file_size(size))


def all_but_one(near_miss: str, unpacked: bool = False) -> Callable[[Scene], None]:
    """All archives, the last of them at another place or by another name, perhaps unpacked."""

    def put_there(scene: Scene) -> None:
        content = scene.archives(LAST).contents[LAST]
        path = scene.folder / "data/raw" / near_miss
        path.write_bytes(gzip.decompress(content) if unpacked else content)

    return put_there


def fetched_archives(scene: Scene) -> None:
    scene.archives()
    fetched(scene, "mnist")


def before_the_report(scene: Scene) -> None:
    for seed, name in itertools.product("01", ("samples.png", "interpolations.png", "copying.json")):
        files.write_text(scene.folder / "figures" / "mnist5k" / seed / name, "a picture")
    files.write_text(scene.folder / "figures" / "mnist5k" / "helvetica.png", "a picture")
    files.write_text(scene.folder / "scores" / "mnist5k" / "sanity.json", "{}\n")
    truncate(scene.folder / SCORED)


def a_run_under_way(scene: Scene) -> None:
    scene.monkeypatch.setattr(locks, "PATIENCE", 0.1)
    lock = locks.alone(Path("checkpoints/mnist5k-0.lock"), "another")
    lock.__enter__()
    scene.cleaning.append(lambda: lock.__exit__(None, None, None))


TRAIN, SAMPLE, CROSS_VALIDATE, LIKELIHOOD = [
    (stage, "mnist5k", "0") for stage in ("train", "sample", "cross_validate", "likelihood")
]
FETCH_MNIST, PREPARE, CHECK = ("fetch", "mnist"), ("prepare", "mnist"), ("check",)
FETCH_OWN, FETCH_CIFAR, FETCH_TFD, FETCH_FER = [("fetch", name) for name in ("mnist5k", "cifar10_mlp", "tfd", "fer2013")]
SANITY, RELIABILITY = ("sanity", "mnist5k"), ("reliability", "mnist5k", "0")
NOT_PUBLISHED = "data/raw/MNIST/raw/t10k-labels-idx1-ubyte.gz: its md5 checksum is …, and … is expected; "
NOT_PUBLISHED += "delete it to have it downloaded, or put the official file there"
NOT_PUBLISHED_CIFAR10 = f"{CIFAR10_BATCH}: its md5 checksum is …, and … is expected; "
NOT_PUBLISHED_CIFAR10 += "put the official file there, or move it away to have the archive used or downloaded"
FETCH_CIFAR10 = (
    f"{CIFAR10_ARCHIVE}: could not be downloaded from …; put it in data/raw by hand, or the folder {FOLDER} that it holds. …"
)
NOT_MATLAB = f"{TFD}: cannot be read as a MATLAB file: …; put the official file there"
NOT_PUBLISHED_FER = f"{FER}: fer2013.csv not found in data/raw/fer2013 or corrupted. You can download it from …"
NO_WRITING = "cannot be written: {}; see to space and permissions there, then start again"


def damaged(file: str, stage: str) -> str:
    remedy = f"run `python -m stages.{stage}` for it, or `dvc repro`, or `dvc checkout` (…)"
    return f"{file}: damaged, or not what `{stage}` writes; {remedy}"


FORBIDDEN, A_FOLDER = [
    f"{{}}: cannot be opened: {reason}; see to its permissions, or put the right file there"
    for reason in ("Permission denied", "Is a directory")
]
UNREADABLE = "{}: cannot be read: {}; see to its permissions, or run `python -m stages.{}` for it, or `dvc repro`"
NO_MEMORY = "not enough memory here; lower what is large in the experiment, such as units or num_samples: …"
PREPARED, SAMPLES = damaged(DATA, "prepare"), damaged(DRAWN, "sample")

ROWS = [
    Row("Archives", "missing, and no network", FETCH_MNIST, lambda scene: scene.archives(LAST), 2, f"{LAST}: {FETCH}"),
    Row("Archives", "truncated", FETCH_MNIST, of_archive(truncate), 2, NOT_PUBLISHED),
    Row("Archives", "swapped with another", FETCH_MNIST, of_archive(swap), 2, NOT_PUBLISHED),
    Row("Archives", "one bit flipped", FETCH_MNIST, of_archive(flip_a_bit), 2, NOT_PUBLISHED),
    Row("Archives", "images of another shape, their checksum put into `data.md5`", PREPARE, of_another_shape, 2,
        "data/sources/mnist: … are not as published (images of shape (12, 28, 27) for 12 labels); see data.md5"),
    Row("Archives", "the folder is a file", FETCH_MNIST, lambda scene: (scene.archives(), a_file_instead(scene.folder / RAW)), 2,
        "…: could not be downloaded from any of …; put it by hand in data/raw/MNIST/raw. …"),
    Row("Archives", "without permission to read", FETCH_MNIST, forbidden(f"{RAW}/{LAST}", Scene.archives), 2,
        FORBIDDEN.format(f"{RAW}/{LAST}")),
    Row("Archives", "their folder without permission", FETCH_MNIST, forbidden(str(RAW), Scene.archives), 2,
        FORBIDDEN.format(f"{RAW}/…")),
    Row("Archives", "a folder in the place of one", FETCH_MNIST, of_archive(a_folder_instead), 2,
        A_FOLDER.format(f"{RAW}/{LAST}")),
    Row("Archives", "a full or small temporary folder", PREPARE, with_little_space(fetched_archives), 2,
        "…: temporary files cannot be written: File too large; see to space there, or let TMPDIR name another folder"),
    Row("Archives", "one unpacked, and no network", FETCH_MNIST, all_but_one("MNIST/raw/t10k-labels-idx1-ubyte", unpacked=True),
        2, f"{LAST}: {FETCH}. There is {RAW}/t10k-labels-idx1-ubyte: {RAW}/{LAST} is needed, as it was published"),
    Row("Archives", "one under a dotted name, and no network", FETCH_MNIST, all_but_one("MNIST/raw/t10k-labels.idx1-ubyte.gz"), 2,
        f"{LAST}: {FETCH}. There is {RAW}/t10k-labels.idx1-ubyte.gz: {RAW}/{LAST} is needed, as it was published"),
    Row("Archives", "one a folder too high, and no network", FETCH_MNIST, all_but_one(f"MNIST/{LAST}"), 2,
        f"{LAST}: {FETCH}. Move data/raw/MNIST/{LAST} to {RAW}/{LAST}"),
    Row("Downloads", "stops half-way", FETCH_MNIST, served(lambda handler, body: send(handler, body[:20], len(body))), 2,
        f"{LAST}: {FETCH}"),
    Row("Downloads", "is a web page", FETCH_MNIST,
        served(lambda handler, body: send(handler, b"<html>Sign in</html>", kind="text/html")), 2,
        f"{LAST}: {FETCH}"),
    Row("Downloads", "is not found", FETCH_MNIST, served(lambda handler, body: handler.send_error(404)), 2, f"{LAST}: {FETCH}"),
    Row("Downloads", "crawls", FETCH_MNIST, quickly(crawl), 2, f"{LAST}: {FETCH}only … bytes came in … seconds…"),
    Row("Downloads", "falls silent", FETCH_MNIST,
        quickly(lambda handler, body: (send(handler, b"", len(body)), time.sleep(2))), 2,
        f"{LAST}: {FETCH}nothing came for … seconds…"),
    Row("CIFAR-10", "missing, and no network", FETCH_CIFAR, lambda scene: None, 2, FETCH_CIFAR10),
    Row("CIFAR-10", "a batch is missing, and no network", FETCH_CIFAR, of_cifar10(Path.unlink), 2, FETCH_CIFAR10),
    Row("CIFAR-10", "a batch is truncated", FETCH_CIFAR, of_cifar10(truncate), 2, NOT_PUBLISHED_CIFAR10),
    Row("CIFAR-10", "one bit of a batch flipped", FETCH_CIFAR, of_cifar10(flip_a_bit), 2, NOT_PUBLISHED_CIFAR10),
    Row("CIFAR-10", "a batch under another's name", FETCH_CIFAR,
        of_cifar10(lambda path: shutil.copy(path.with_name("data_batch_1"), path)), 2, NOT_PUBLISHED_CIFAR10),
    Row("CIFAR-10", "a pickle that would run a command", FETCH_CIFAR, of_cifar10(harm), 2, NOT_PUBLISHED_CIFAR10),
    Row("CIFAR-10", "the archive is truncated", FETCH_CIFAR, of_cifar10_archive(truncate), 2,
        NOT_PUBLISHED_CIFAR10.replace(CIFAR10_BATCH, f"data/raw/{CIFAR10_ARCHIVE}")),
    Row("CIFAR-10", "the archive is a web page", FETCH_CIFAR, of_cifar10_archive(a_web_page), 2,
        NOT_PUBLISHED_CIFAR10.replace(CIFAR10_BATCH, f"data/raw/{CIFAR10_ARCHIVE}")),
    Row("CIFAR-10", "a batch without permission to read", FETCH_CIFAR, forbidden(CIFAR10_BATCH, of_cifar10(lambda path: None)), 2,
        FORBIDDEN.format(CIFAR10_BATCH)),
    Row("CIFAR-10", "a folder in the place of a batch", FETCH_CIFAR, of_cifar10(a_folder_instead), 2,
        A_FOLDER.format(CIFAR10_BATCH)),
    Row("CIFAR-10", "the batches without their folder, and no network", FETCH_CIFAR,
        of_cifar10(a_folder_too_high), 2,
        f"{FETCH_CIFAR10}. Move data/raw/batches.meta to data/raw/{FOLDER}/batches.meta"),
    Row("CIFAR-10", "no space to unpack the archive", ("prepare", "cifar10_mlp"),
        with_little_space(lambda scene: (of_cifar10_archive(lambda path: None)(scene), fetched(scene, "cifar10_mlp"))), 2,
        "…: temporary files cannot be written: File too large; see to space there, or let TMPDIR name another folder"),
    Row("Faces", "TFD is missing", FETCH_TFD, lambda scene: None, 2,
        f"{TFD}: not there; the Toronto Face Database is given out on request by its authors at the University of Toronto …: "
        "put their TFD_48x48.mat or TFD_96x96.mat in data/raw"),
    Row("Faces", "TFD is truncated", FETCH_TFD, of_tfd(truncate), 2, NOT_MATLAB),
    Row("Faces", "TFD is a web page", FETCH_TFD, of_tfd(a_web_page), 2, NOT_MATLAB),
    Row("Faces", "TFD in a later format of MATLAB", FETCH_TFD, of_tfd(in_a_later_format), 2, NOT_MATLAB),
    Row("Faces", "TFD without folds", FETCH_TFD, of_tfd(folds=None), 2,
        f"{TFD}: has no variable `folds`; put the official file there"),
    Row("Faces", "TFD of another size", FETCH_TFD, of_tfd(images=np.zeros((400, 40, 40), np.uint8)), 2,
        f"{TFD}: `images` must be n × 48 × 48; it has uint8 of (400, 40, 40)"),
    Row("Faces", "TFD with NaN for pixels", FETCH_TFD, of_tfd(images=np.full((400, 48, 48), np.nan)), 2,
        f"{TFD}: `images` must be whole numbers from 0 to 255; it has float64 of (400, 48, 48)"),
    Row("Faces", "TFD, no image of a fold is for testing", FETCH_TFD, of_tfd(folds=without_images_for_testing()), 2,
        f"{TFD}: column 1 of `folds` must have images for validation (2) and, at least two, for testing (3)"),
    Row("Faces", "FER-2013 is missing", FETCH_FER, lambda scene: None, 2,
        f"{FER}: not there; accept the contest's terms at …, and put the file there"),
    Row("Faces", "FER-2013 is truncated", FETCH_FER, of_fer2013(truncate), 2, NOT_PUBLISHED_FER),
    Row("Faces", "one bit of FER-2013 flipped", FETCH_FER, of_fer2013(flip_a_bit), 2, NOT_PUBLISHED_FER),
    Row("Faces", "TFD without permission to read", FETCH_TFD, forbidden(TFD, of_tfd()), 2, NOT_MATLAB),
    Row("Faces", "TFD in a folder of its own", FETCH_TFD,
        of_tfd(lambda path: ((path.parent / "TFD").mkdir(), path.rename(path.parent / "TFD" / path.name))), 2,
        f"{TFD}: not there; …. Move data/raw/TFD/TFD_48x48.mat to {TFD}"),
    Row("Faces", "FER-2013 without permission to read", FETCH_FER, forbidden(FER, of_fer2013(lambda path: None)), 2,
        FORBIDDEN.format(FER)),
    Row("Faces", "a folder in the place of FER-2013", FETCH_FER, of_fer2013(a_folder_instead), 2, NOT_PUBLISHED_FER),
    Row("Faces", "FER-2013 a folder too high", FETCH_FER, of_fer2013(lambda path: path.rename(path.parents[1] / path.name)), 2,
        f"{FER}: not there; …. Move data/raw/fer2013.csv to {FER}"),
    Row("Faces", "FER-2013 has fewer images than are asked for", ("prepare", "fer2013"), few_faces, 2,
        "data/sources/fer2013/fer2013: has 60 distinct images, and … are asked for; lower num_train or num_fold"),
    Row("Images", "not there", FETCH_OWN, of_images(Path.unlink), 2,
        f"{OWN}: no images there; put them there, an .npz file or a folder of PNGs, or change data.path"),
    Row("Images", "an empty folder", FETCH_OWN, of_images(an_empty_folder), 2,
        f"{OWN}: no images there; put them there, an .npz file or a folder of PNGs, or change data.path"),
    Row("Images", "truncated", FETCH_OWN, of_images(truncate, images=IMAGES), 2,
        f"{OWN}: cannot be read as an .npz file without pickled objects: …"),
    Row("Images", "pickled objects", FETCH_OWN, of_images(lambda path: None, images=np.array([{}])), 2,
        f"{OWN}: cannot be read as an .npz file without pickled objects: …"),
    Row("Images", "no array of that name", FETCH_OWN, of_images(lambda path: None, pixels=IMAGES), 2,
        f"{OWN}: has no array `images`; save it as np.savez(file, images=images, labels=labels)"),
    Row("Images", "pixels from 0 to 1", FETCH_OWN, of_images(lambda path: None, images=IMAGES / 255), 2,
        f"{OWN}: `images` must be bytes (uint8), (n, H, W) or (n, C, H, W); they are float64 (150, 28, 28)"),
    Row("Images", "of another shape", FETCH_OWN, of_images(lambda path: None, images=IMAGES[:, 1:]), 2,
        f"data.image_shape: is [28, 28], but {OWN} has images of the shape [27, 28]"),
    Row("Images", "fewer than are asked for", FETCH_OWN, of_images(lambda path: None, images=IMAGES[1:]), 2,
        "data.num_train: with num_validation and num_test makes 150 images; there are 149"),
    Row("Images", "a label too few", FETCH_OWN, of_images(lambda path: None, images=IMAGES, labels=np.zeros(149, np.uint8)), 2,
        f"{OWN}: `labels` must be 150 whole numbers from 0 to 254, one an image; they are uint8 (149,)"),
    Row("Images", "a damaged PNG", FETCH_OWN, of_images(a_damaged_png), 2, f"{OWN}/1.png: cannot be read as a PNG: …"),
    Row("Images", "without permission to read", FETCH_OWN, forbidden(OWN, of_images(lambda path: None, images=IMAGES)), 2,
        f"{OWN}: cannot be read as an .npz file without pickled objects: …Permission denied…"),
    Row("Images", "a folder in it without permission", FETCH_OWN, forbidden(f"{OWN}/a", of_images(a_folder_of_pngs)), 2,
        FORBIDDEN.format(f"{OWN}/a")),
    Row("Images", "another file than `data.sha256` says", FETCH_OWN, spoiled("data/mnist5k.npz", flip_a_bit), 2,
        "data/mnist5k.npz: its sha256 checksum is …, and … is expected; put that file there, or change data.sha256; …"),
    Row("Prepared data", "truncated", TRAIN, spoiled(DATA, truncate), 2, PREPARED),
    Row("Prepared data", "one bit flipped", TRAIN, spoiled(DATA, flip_a_bit), 2, PREPARED),
    Row("Prepared data", "pixels that are not bytes", TRAIN,
        spoiled(DATA, prepared(images=lambda images: images * np.float32(np.nan))), 2, PREPARED),
    Row("Prepared data", "labels for other images", TRAIN, spoiled(DATA, prepared(labels=lambda labels: labels[1:])), 2,
        PREPARED),
    Row("Prepared data", "no image for testing", LIKELIHOOD,
        spoiled(DATA, prepared(folds=lambda folds: np.minimum(folds, 2))), 2, PREPARED),
    Row("Prepared data", "a class without images: labels take no part in training", TRAIN, without_a_class, 0, ACCEPTED),
    Row("Generators", "missing", SAMPLE, spoiled(GENERATOR, Path.unlink), 2,
        f"{GENERATOR}: not there; run `python -m stages.train` for it, or `dvc repro`"),
    Row("Generators", "truncated", SAMPLE, spoiled(GENERATOR, truncate), 2,
        damaged(GENERATOR, "train")),
    Row("Generators", "a pickle", SAMPLE, spoiled(GENERATOR, lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n.")), 2,
        damaged(GENERATOR, "train")),
    Row("Samples", "of another width", CROSS_VALIDATE, spoiled(DRAWN, samples(lambda values: values[:, 1:])), 2,
        "x has 784 columns, the samples have 783"),
    Row("Samples", "of another width", ("figures", "mnist5k", "0"), spoiled(DRAWN, samples(lambda values: values[:, 1:])), 2,
        "the samples have 783 columns, the images 784 pixels; draw the samples again"),
    Row("Samples", "one pixel is NaN", CROSS_VALIDATE, spoiled(DRAWN, samples(one_nan)), 2, SAMPLES),
    Row("Samples", "whole numbers", LIKELIHOOD, spoiled(DRAWN, samples(lambda values: values.astype(int))), 2, SAMPLES),
    Row("Samples", "pickled objects", CROSS_VALIDATE, spoiled(DRAWN, lambda path: np.save(path, np.array([{}]))), 2, SAMPLES),
    Row("Scores", "the choice of σ is not JSON", LIKELIHOOD, spoiled(CHOICE, truncate), 2,
        damaged(CHOICE, "cross_validate")),
    Row("Scores", "of the test images, truncated", RELIABILITY, spoiled(SCORED, truncate), 2, damaged(SCORED, "likelihood")),
    Row("Scores", "of the test images, truncated", ("report",), before_the_report, 2,
        damaged(SCORED, "likelihood")),
    *(Row("Outputs", "without permission to read", stage, forbidden(file), 2, UNREADABLE.format(file, "Permission denied", maker))
      for file, stage, maker in ((DATA, TRAIN, "prepare"), (GENERATOR, SAMPLE, "train"), (DRAWN, CROSS_VALIDATE, "sample"),
                                 (CHOICE, LIKELIHOOD, "cross_validate"), (SCORED, RELIABILITY, "likelihood"))),
    *(Row("Outputs", "a folder in the place of one", stage, spoiled(file, a_folder_instead), 2,
          UNREADABLE.format(file, "Is a directory", maker))
      for file, stage, maker in ((DATA, TRAIN, "prepare"), (GENERATOR, SAMPLE, "train"), (CHOICE, LIKELIHOOD, "cross_validate"))),
    Row("Parameters", "an unknown key", CHECK, setting(f"{EXPERIMENT}:training.epoch", 3), 2,
        "experiments/mnist5k.yaml:training.epoch: unknown key; did you mean 'epochs'?"),
    Row("Parameters", "a text for a number", CHECK, setting(f"{EXPERIMENT}:training.epochs", "3"), 2,
        "experiments/mnist5k.yaml:training.epochs: input should be a valid integer (it is '3')"),
    Row("Parameters", "an impossible number", CHECK, setting(f"{EXPERIMENT}:generator.layers.h0.units", 0), 2,
        "experiments/mnist5k.yaml:generator.layers.h0.units: input should be greater than or equal to 1 (it is 0)"),
    Row("Parameters", "NaN", CHECK, setting(f"{EXPERIMENT}:training.learning_rate", float("nan")), 2,
        "experiments/mnist5k.yaml:training.learning_rate: input should be … (it is nan)"),
    Row("Parameters", "a title of the paper's for images of one's own", CHECK, setting(f"{EXPERIMENT}:data.title", "MNIST"), 2,
        "experiments/mnist5k.yaml:data.title: is the name of one of the paper's data sets; choose another"),
    Row("Parameters", "an output layer that does not fit the images", CHECK,
        setting(f"{EXPERIMENT}:generator.layers.y.units", 100), 2,
        "experiments/mnist5k.yaml:generator.layers.y.units: must be 784, one per pixel of images"),
    Row("Parameters", "code", CHECK,
        lambda scene: (scene.folder / "params.yaml").write_text("device: !!python/object/apply:os.system [touch owned]\n"), 2,
        "params.yaml: not valid YAML: …"),
    Row("Parameters", "a matrix of a thousand seeds", CHECK, setting("seeds", list(range(1000))), 0, ACCEPTED),
    Row("Parameters", "a seed twice", CHECK, setting("seeds", [0, 0]), 2, "params.yaml:seeds: names a seed twice"),
    Row("Parameters", "adversarial nets among the baselines", CHECK, setting("baselines", ["mnist"]), 2,
        "params.yaml:baselines: the model of mnist is adversarial; name it under suite"),
    Row("Parameters", "another model in the suite", CHECK, setting("suite", ["mnist5k_deep_belief_network"]), 2,
        "params.yaml:suite: the model of mnist5k_deep_belief_network is deep_belief_network; name it under baselines"),
    Row("Parameters", "an experiment in both lists", CHECK, setting("baselines", ["mnist5k"]), 2,
        "params.yaml:suite: names an experiment twice, or one that baselines names too"),
    Row("Parameters", "a file without permission to read", CHECK, forbidden(EXPERIMENT), 2,
        f"{EXPERIMENT}: cannot be read: Permission denied"),
    Row("Parameters", "dropout in the generator, which has none", CHECK,
        setting(f"{EXPERIMENT}:generator.layers.h0.keep_probability", 0.5), 2,
        f"{EXPERIMENT}:generator.layers.h0.keep_probability: dropout is for the discriminator; leave it out here"),
    Row("Parameters", "k of Algorithm 1 above the number of updates", CHECK,
        lambda scene: [scene.set(f"{EXPERIMENT}:training.{key}", value) for key, value in
                       {"game": "alternating", "discriminator_steps": 100_000}.items()], 2,
        f"{EXPERIMENT}:training.discriminator_steps: must not be above the number of updates, …: G would never move"),
    Row("Parameters", "annealing after the last update", CHECK,
        setting("experiments/mnist_annealed.yaml:training.annealing.after_updates", 10**9), 2,
        "experiments/mnist_annealed.yaml:training.annealing.after_updates: must be below …: there are … updates, and it would "
        "never begin"),
    *(Row("Parameters", f"a grid of σ so narrow that log-likelihoods overflow, for {purpose}", CHECK,
          setting(f"{EXPERIMENT}:{section}", {"lowest": 1e-170, "highest": 1e-160, "count": 2}), 2,
          f"{EXPERIMENT}:{section}.lowest: must be from 1e-60 to 1e60: beyond, log-likelihoods overflow")
      for section, purpose in (("evaluation.sigma", "evaluation"), ("training.validation.sigma", "validation"))),
    Row("Parameters", "a model that there is not", CHECK, setting(f"{EXPERIMENT}:model", "dbn"), 2,
        f"{EXPERIMENT}:model: must be one of adversarial, deep_belief_network, contractive_autoencoder, "
        "generative_stochastic_network (it is 'dbn')"),
    Row("Parameters", "no discriminator, and no model's name", CHECK, setting(f"{EXPERIMENT}:discriminator", None), 2,
        f"{EXPERIMENT}:model: adversarial nets need a discriminator; of others, name the model: …"),
    Row("Parameters", "samples that do not make whole states of all chains", CHECK,
        setting(f"{OTHER}:sampling.chains", 300), 2, f"{OTHER}:sampling.num_samples: must be a multiple of chains, 300"),
    Row("Parameters", "a layer that is not trained", CHECK,
        setting(f"{OTHER}:generator.layers.h3", {"units": 5}), 2,
        f"{OTHER}:training.layers: must name the generator's layers: h1, h2, h3"),
    *(Row("Parameters", f"more {what} than there is memory", CHECK, setting(f"{EXPERIMENT}:{key}", 10**12), 2,
          f"{EXPERIMENT}:{said}: asks for an array of … GiB, and this machine has … GiB; lower it")
      for what, key, said in (("units", "generator.layers.h0.units", "generator.layers.h0"),
                              ("samples", "sampling.num_samples", "sampling.num_samples"))),
    Row("Parameters", "the same, if no check came first", TRAIN, setting(f"{EXPERIMENT}:generator.layers.h0.units", 10**12), 2,
        NO_MEMORY),
    Row("Parameters", "the same, if no check came first", SAMPLE, setting(f"{EXPERIMENT}:sampling.num_samples", 10**12), 2,
        NO_MEMORY),
    Row("Parameters", "a step size for proposition 2 that empties a state", ("theory",),
        setting("theory.proposition_2.learning_rate", 0.03), 2,
        "theory.proposition_2: step … is infinite: p_g has left a state; lower the learning rates"),
    Row("Parameters", "a learning rate at which the game of Figure 1 diverges", ("theory",),
        setting("theory.figure_1.generator_learning_rate", 1.7e308), 2,
        "theory.figure_1: a player is no longer finite; lower the learning rates"),
    Row("Parameters", "a learning rate at which training diverges", TRAIN,
        lambda scene: [scene.set(f"{EXPERIMENT}:training.{key}", value) for key, value in
                       {"optimizer": "momentum", "learning_rate": 1e30, "learning_rate_floor": 1e30}.items()], 1,
        "training diverged: in epoch 1, step 2 of 7, … is …, and … is not finite; lower the learning rate"),
    Row("Folders", "one to write to is a file", SAMPLE, spoiled("samples/mnist5k", a_file_instead), 2,
        "samples/mnist5k/0.npy: " + NO_WRITING.format("…")),
    Row("Folders", "read-only, for samples", SAMPLE, lambda scene: scene.mount("samples/mnist5k", "ro"), 2,
        "samples/mnist5k/0.npy: " + NO_WRITING.format("Read-only file system")),
    Row("Folders", "no space, for samples", SAMPLE, lambda scene: scene.mount("samples/mnist5k", "size=64k"), 2,
        "samples/mnist5k/0.npy: " + NO_WRITING.format("…")),
    Row("Folders", "no space, for models", TRAIN, lambda scene: scene.mount("models/mnist5k", "size=64k"), 2,
        "models/mnist5k/0: " + NO_WRITING.format("No space left on device")),
    Row("Folders", "states of runs cannot be written", TRAIN,
        lambda scene: scene.monkeypatch.setenv("ADVERSARIAL_NETS_CHECKPOINTS", str(scene.folder / "params.yaml" / "below")), 2,
        "params.yaml/below/mnist5k-0-….lock: " + NO_WRITING.format("…")),
    Row("Runs", "the same training twice at once", TRAIN, a_run_under_way, 1,
        "mnist5k, seed 0 is being trained here: process … is at it; let it end, or stop it, and start again"),
]  # fmt: skip


@contextmanager
def scene_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene, cleaned up at the end."""
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:9/{CIFAR10_ARCHIVE}")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("ADVERSARIAL_NETS_DATA", raising=False)
    monkeypatch.delenv("ADVERSARIAL_NETS_CHECKPOINTS", raising=False)
    monkeypatch.chdir(folder)
    scene = Scene(folder, monkeypatch)
    try:
        yield scene
    finally:
        for clean in scene.cleaning:
            clean()


def page() -> str:
    """docs/reference/bad_input.md."""
    parts = [
        "# Bad input, and what it gets",
        "Every row is a test (`tests/pipeline/test_bad_input.py`), in which no output changes and no traceback shows. The exit\n"
        "status is 2 if the input is wrong and 1 if the outcome is. An ellipsis stands for what differs from machine to\n"
        "machine. This page is written by `PYTHONPATH=tests python -m support.bad_input`.",
        "Any other value anywhere in a parameter file is either accepted or named in one line: hypothesis makes them up\n"
        "(`tests/unit/parameters`). Under `dvc repro` a wrong parameter is refused before anything is deleted, and after any\n"
        "other failure `dvc checkout` brings every output back (`tests/pipeline/test_pipeline.py`).",
        "| tried | what happens | test |\n"
        "| --- | --- | --- |\n"
        "| the environments of notebooks, cluster jobs, cron, CI | the same bytes | `tests/pipeline/test_surroundings.py` |\n"
        "| a terminal whose encoding lacks a sign | `?` in its place; the same exit status | `tests/unit/core` |\n"
        "| no git | `make` says so before it sets anything up | `tests/pipeline/test_packaging.py` |\n"
        "| `dvc exp run -S` with a wrong name or seed | refused; `dvc checkout` brings all back | `tests/pipeline` |\n"
        "| `ParzenWindow` with tables, lists, arrays of any layout | taken as they are meant | `tests/unit/likelihood` |\n"
        "| `ParzenWindow` with masked values, another device, no σ | ValueError that names the argument | the same |",
    ]
    for kind in dict.fromkeys(row.kind for row in ROWS):
        lines = ["| input | met by | exit status | what it gets |", "| --- | --- | --- | --- |"]
        cells = [(row.given, f"`{row.stage[0]}`", row.status, row.said.replace("|", "\\|")) for row in ROWS if row.kind == kind]
        parts += [f"## {kind}", "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in cells])]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    files.write_text(PAGE, page())
