"""Downloads that end: urllib, which torchvision fetches with, would wait for a silent server for ever."""

import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from urllib.error import URLError

from adversarial_nets.core import files

SILENCE = 30.0  # seconds without a byte, and after which the pace counts
SLOWEST = 10_000  # bytes a second on average


@contextmanager
def impatient() -> Iterator[None]:
    """Within the block urllib gives up, with URLError, on servers that are silent or crawl.

    Raises InputError if there is no space for what comes.
    """
    opener, timeout = getattr(urllib.request, "_opener", None), socket.getdefaulttimeout()
    urllib.request.install_opener(urllib.request.build_opener(_Pace))
    socket.setdefaulttimeout(SILENCE)
    try:
        with files.temporary_space():
            yield
    finally:
        socket.setdefaulttimeout(timeout)
        urllib.request.install_opener(opener)


class _Pace(urllib.request.BaseHandler):
    """Watches every response's pace."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        """The response, which now reads no more than what has come, so that it can be timed."""
        response.read = _watched(response, time.monotonic())
        return response

    https_response = http_response


def _watched(response: HTTPResponse, started: float) -> Callable[..., bytes]:
    received = 0

    def read(amount: int = -1) -> bytes:
        nonlocal received
        try:
            chunk = response.read1(amount)
        except TimeoutError:
            raise URLError(f"nothing came for {SILENCE:g} seconds") from None
        received, seconds = received + len(chunk), time.monotonic() - started
        if chunk and seconds > SILENCE and received < SLOWEST * seconds:
            raise URLError(f"only {received} bytes came in {seconds:.0f} seconds")
        return chunk

    return read
