"""The page in a real browser: nothing in the console, nothing asked of the network, a picture to look at."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from omics_rx import report

pytestmark = pytest.mark.needs("chromium")

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr")  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    return shutil.which("chromium")


def look(chromium, address, folder, size=(1280, 2000)):
    """Open an address; give what the browser logged and the picture it took."""
    picture = folder / "picture.png"
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={size[0]},{size[1]}",
         f"--screenshot={picture}", address],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr, picture.read_bytes()


def console(log):
    return [line for line in log.splitlines() if ":CONSOLE" in line or "Refused to" in line]


@pytest.mark.parametrize("size", [(1280, 2000), (500, 2000)])
def test_the_page_opens_without_a_word_in_the_console(chromium, page, tmp_path, size):
    file = report.write(page, tmp_path / "page.html")
    log, picture = look(chromium, file.as_uri(), tmp_path, size)
    assert console(log) == []
    assert struct.unpack(">II", picture[16:24]) == size
    assert len(picture) > 30_000


def test_a_broken_page_would_be_noticed(chromium, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<!DOCTYPE html><script>console.error('broken')</script>", encoding="utf-8")
    assert console(look(chromium, file.as_uri(), tmp_path)[0])


def test_the_page_asks_a_server_for_nothing_but_itself(chromium, page, tmp_path):
    asked = []
    body = report.write(page, tmp_path / "page.html").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        look(chromium, f"http://127.0.0.1:{server.server_port}/page.html", tmp_path)
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["/page.html"]
    assert not re.search(rb'(src|href)="//', body)
