"""The page in a browser that is driven by its own protocol: sorting, filtering, opening, printing, keys, colours."""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time

import pytest

from omics_rx import report

pytestmark = pytest.mark.needs("chromium")


_START = """import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 20) for end in sys.argv[1:3]]
for number, end in zip((3, 4), ends):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])"""


class Browser:
    """Chromium over its debugging pipe (file descriptors 3 and 4, messages that end in a zero byte)."""

    def __init__(self, folder):
        to_read, self.to_write = os.pipe()
        self.to_hear, to_answer = os.pipe()
        words = [shutil.which("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={folder}"]  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, str(to_read), str(to_answer), *words],
            pass_fds=(to_read, to_answer), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_answer)
        self.left, self.numbers, self.events, self.session = b"", itertools.count(1), [], None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def _message(self):
        while b"\0" not in self.left:
            assert select.select([self.to_hear], [], [], 30)[0], "the browser does not answer"
            self.left += os.read(self.to_hear, 1 << 20)
        text, _, self.left = self.left.partition(b"\0")
        return json.loads(text)

    def ask(self, method, **params):
        number = next(self.numbers)
        told = {"id": number, "method": method, "params": params}
        if self.session:
            told["sessionId"] = self.session
        os.write(self.to_write, json.dumps(told).encode() + b"\0")
        while True:
            heard = self._message()
            if heard.get("id") == number:
                assert "error" not in heard, heard["error"]
                return heard["result"]
            self.events.append(heard)

    def open(self, address, *, width=1280, height=1400, dark=False, script=True, media=""):
        self.events.clear()
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                    {"name": "prefers-reduced-motion", "value": "reduce"}]  # fmt: skip
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=address)
        for _ in range(200):
            if self.js("location.href !== 'about:blank' && document.readyState") == "complete":
                return
            time.sleep(0.05)
        raise AssertionError(f"{address} did not load")

    def js(self, text):
        told = self.ask("Runtime.evaluate", expression=text, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def picture(self):
        return base64.b64decode(self.ask("Page.captureScreenshot")["data"])

    def printed(self):
        return base64.b64decode(self.ask("Page.printToPDF")["data"])

    def key(self, name, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **text)

    def faults(self):
        self.ask("Runtime.evaluate", expression="1")
        wrong = [event for event in self.events if event.get("method") in
                 ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")]  # fmt: skip
        asked = [event["params"]["request"]["url"] for event in self.events
                 if event.get("method") == "Network.requestWillBeSent"]  # fmt: skip
        outside = [url for url in asked if not url.startswith(("file:", "about:", "data:", "blob:"))]
        return wrong, outside

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        os.close(self.to_write)
        os.close(self.to_hear)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(page, tmp_path_factory):
    return report.write(page, tmp_path_factory.mktemp("page") / "page.html").as_uri()


SHOWN = "[...document.querySelectorAll('tbody.drug')].filter(r => !r.hidden)"
NAMES = f"{SHOWN}.map(r => r.rows[0].cells[1].textContent)"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wrong_asked_for_or_wider_than_the_window(browser, address, width, dark):
    browser.open(address, width=width, dark=dark)
    assert browser.faults() == ([], [])
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert browser.js("document.querySelector('.controls').hidden") is False
    browser.js("document.querySelector('table.all').scrollIntoView()")
    assert len(browser.picture()) > 10_000


def test_the_table_sorts_by_number_and_by_name(browser, address, ranking):
    browser.open(address)
    expected = ranking.table.sort_values("rank")["name"].tolist()
    assert browser.js(NAMES)[: len(expected)] == expected
    press = "[...document.querySelectorAll('table.all thead button')].find(b => b.textContent === '{}').click()"
    browser.js(press.format("rank"))
    assert browser.js(NAMES)[: len(expected)] == expected
    browser.js(press.format("rank"))
    assert browser.js(NAMES)[: len(expected)] == expected[::-1]  # the one without a rank stays last
    assert browser.js(NAMES)[-1] == "X1"
    browser.js(press.format("score"))
    assert browser.js(NAMES)[: len(expected)] == ranking.table.sort_values("score")["name"].tolist()
    assert browser.js("document.querySelectorAll('th[aria-sort=ascending]').length") == 1
    browser.js(press.format("drug"))
    assert browser.js(f"{NAMES}.map((n, i, all) => i === 0 || all[i-1].localeCompare(n) <= 0).every(Boolean)")


def test_the_table_filters_and_gives_what_is_shown(browser, address):
    browser.open(address)
    every = browser.js(f"{NAMES}.length")
    put = """(() => {{ const input = document.querySelector('.controls {0}');
        input.value = '{1}'; input.dispatchEvent(new Event('input')); }})()"""
    browser.js(put.format(".find", "olap"))
    assert browser.js(NAMES) == ["Olaparib"]
    assert browser.js("document.querySelector('.count').textContent") == f"1 of {every} drugs"
    assert browser.js("document.querySelector('a.csv').textContent") == "Download these 1 as CSV"
    browser.js("document.querySelector('.controls .clear').click()")
    assert browser.js(f"{NAMES}.length") == every
    browser.js(put.format(".find", "parp1"))  # a target
    assert browser.js(f"{NAMES}.length") == every - 1
    browser.js(put.format(".find", ""))
    browser.js(put.format(".kind", "2"))  # one drug lacks the third kind
    assert browser.js(f"{NAMES}.length") == every - 2
    browser.js("document.querySelector('.controls .clear').click()")
    browser.js(put.format(".group", "not ranked"))
    assert browser.js(NAMES) == ["X1"]


def test_an_address_opens_its_drug_and_keys_do_too(browser, address):
    browser.open(f"{address}#olaparib")
    time.sleep(0.2)
    opened = "[...document.querySelectorAll('tbody.opened')].map(r => r.rows[0].cells[1].textContent)"
    assert browser.js(opened) == ["Olaparib"]
    assert browser.js("document.getElementById('olaparib').getBoundingClientRect().height") > 100
    assert 0 <= browser.js("document.querySelector('tbody.opened').getBoundingClientRect().top") < 1400
    assert browser.js("document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.key("Enter", 13)
    assert browser.js(opened) == []
    assert browser.js("document.activeElement.getAttribute('aria-expanded')") == "false"
    browser.js("location.hash = 'cisplatin'")
    time.sleep(0.2)
    assert browser.js(opened) == ["Cisplatin"]


def test_without_a_script_everything_is_there(browser, address):
    browser.open(f"{address}#olaparib", script=False)
    assert browser.js("document.querySelector('.controls').hidden") is True
    assert browser.js("document.getElementById('olaparib').closest('details').open") is True
    assert browser.js("[...document.querySelectorAll('.more summary')].every(s => s.offsetHeight > 0)") is True
    assert browser.js("document.querySelector('a.csv').href").startswith("data:text/csv;charset=utf-8;base64,")


@pytest.mark.parametrize("script", [True, False])
def test_what_is_folded_is_printed(browser, address, script):
    browser.open(address, script=script, media="print")
    heights = browser.js("[...document.querySelectorAll('tbody.printed .open, .methods details table')]"
                         ".map(part => part.getBoundingClientRect().height)")  # fmt: skip
    assert len(heights) > 15
    assert min(heights) > 20
    browser.open(address, script=script)
    pages = browser.printed()
    assert pages.count(b"/Type /Page\n") > 8


CONTRAST = """(() => {
  const linear = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const parts = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const paper = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('main *, nav *')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    if (!e.getClientRects().length) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(paper(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...new Set(bad)];
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_is_read_against_its_paper(browser, address, dark):
    browser.open(f"{address}#olaparib", dark=dark)
    assert browser.js(CONTRAST) == []


def test_every_control_has_a_name_and_is_reached_by_keys(browser, address):
    browser.open(address)
    nameless = """[...document.querySelectorAll('button, input, select, a[href]')].filter(e =>
        !(e.labels && e.labels.length) && !e.textContent.trim() && !e.getAttribute('aria-label')).length"""
    assert browser.js(nameless) == 0
    assert browser.js("[...document.querySelectorAll('button, input, select')].every(e => e.tabIndex === 0)") is True
