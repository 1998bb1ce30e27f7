"""Proxy scripts (PAC), evaluated by Windows.

A real script on loopback, real answers, and a download that follows them.
"""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator

import pytest

from app.adapters.download.connection_pool import Connections
from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.web import HttpWeb
from app.adapters.local_system import open_system
from app.adapters.windows.proxy_script import proxy_of_script
from app.model.answers import Answers
from app.model.errors import ExpectedError
from app.model.sources import Sources
from app.probe import network
from tests.fault_index.proxy import Proxy

if sys.platform == "win32":
    import winreg

    def write_setting(name: str, value: str | None) -> None:
        """Write one of the user's Internet settings, or take it away."""
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, SETTINGS) as key:
            if value is None:
                winreg.DeleteValue(key, name)
            else:
                winreg.SetValueEx(key, name, 0, winreg.REG_SZ, value)
else:

    def write_setting(name: str, value: str | None) -> None:
        """Only Windows has them."""
        raise NotImplementedError(name)


pytestmark = [
    pytest.mark.windows,
    pytest.mark.skipif(sys.platform != "win32", reason="Windows alone evaluates such scripts"),
]
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
SCRIPT = """function FindProxyForURL(url, host) {
  if (host == "direct.invalid") return "DIRECT";
  if (dnsDomainIs(host, ".intern.invalid")) return "PROXY intern.invalid:8080; DIRECT";
  if (shExpMatch(url, "https://*secret*")) return "PROXY sees-paths.invalid:1";
  return "PROXY PLACE; PROXY second.invalid:3128";
}"""


class Served:
    """A script on loopback; ``asked`` counts how often it was fetched."""

    def __init__(self) -> None:
        self.text, self.asked = SCRIPT.replace("PLACE", "proxy.invalid:3128"), 0
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked += 1
                data = served.text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ns-proxy-autoconfig")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/proxy.pac"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("https://index.invalid/simple/", "http://proxy.invalid:3128"),
        ("https://direct.invalid/x", "direct"),
        ("https://a.intern.invalid/", "http://intern.invalid:8080"),
        (
            "https://jan:secret@index.invalid/secret",
            "http://proxy.invalid:3128",
        ),  # neither path nor login is handed to a script
    ],
)
def test_windows_evaluates_the_script(served: Served, address: str, answer: str) -> None:
    assert proxy_of_script(address, served.url, False) == answer
    assert served.asked == 1


def test_a_script_that_cannot_be_had_or_run_says_nothing(served: Served) -> None:
    assert proxy_of_script("https://index.invalid/", "http://127.0.0.1:9/none.pac", False) is None
    served.text = "this is no script {"
    assert proxy_of_script("https://index.invalid/", served.url, False) is None


def test_nothing_is_detected_in_a_network_without_a_script() -> None:
    assert proxy_of_script("https://nowhere.invalid/", None, True) is None


def test_downloads_go_through_the_proxy_that_the_script_names(served: Served) -> None:
    with Proxy(login="only:for-others") as proxy:
        served.text = SCRIPT.replace("PLACE", proxy.host)
        where = Sources(proxy_script=served.url)
        assert Connections(where).proxy("https://index.invalid/simple/") == f"http://{proxy.host}"
        assert Connections(where).proxy("https://direct.invalid/") is None
        assert Connections(where).proxy("http://127.0.0.1:1/x") is None
        error = HttpWeb(threading.Event(), where, RetryPolicy(connect=3.0, read=3.0)).examine(
            "https://index.invalid/simple/"
        )
        assert isinstance(error, ExpectedError) and error.code == "proxy_needs_password"
        assert [line.rpartition(" ")[0] for line in proxy.seen] == ["CONNECT index.invalid:443"]


def test_the_script_of_the_internet_settings_is_found_and_asked(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    write_setting("AutoConfigURL", served.url)
    try:
        found = network.sources(
            open_system(),
            Answers(
                index="https://index.invalid/simple/", pytorch_index="https://direct.invalid/whl"
            ),
        )
    finally:
        write_setting("AutoConfigURL", None)
    assert (found.proxy, found.no_proxy, found.proxy_script) == (
        "http://proxy.invalid:3128",
        "direct.invalid",
        served.url,
    )
