"""pip's and uv's settings, and what an install takes from them."""

from __future__ import annotations

from typing import Any

from app.model.answers import Answers
from app.probe.network import default_index, network, settings, sources

HELP = """
Index options:
      --default-index <DEFAULT_INDEX>
          The default package index (by
          default: <https://index.example/simple>) [env: UV_DEFAULT_INDEX]
  -i, --index-url <INDEX_URL>
          (Deprecated) The URL (by default: <https://other.example/simple>)
"""
USER_PIP = "/home/anna/.config/pip/pip.conf"
USER_UV = "/home/anna/.config/uv/uv.toml"


def test_default_index_is_what_uv_itself_says(pc: Any) -> None:
    assert default_index(pc("linux", answers={"uv": HELP})) == "https://index.example/simple"
    assert default_index(pc("linux")) is None


def test_pip_files_in_their_order_and_variables_above_them(pc: Any) -> None:
    system = pc(
        "linux",
        files={
            "/etc/pip.conf": b"[global]\nindex-url = https://etc.example/s\nfind-links = "
            b"/etc/wheels\ntimeout = 3\n",
            USER_PIP: b"[global]\nextra_index_url =\n    https://a.example/s\n    "
            b"file:///srv/more\nfind-links = /srv/wheels\n",
        },
        variables={"PIP_INDEX_URL": "https://me:pw@var.example/s"},
    )
    got = sources(system, Answers())
    assert (got.index, got.extra_indexes, got.find_links) == (
        "https://me:pw@var.example/s",
        ("https://a.example/s", "file:///srv/more"),
        ("/srv/wheels",),
    )
    assert {(one.name, one.value) for one in settings(system)} == {
        ("index-url", "https://var.example/s"),
        ("find-links", "/srv/wheels"),
        ("extra-index-url", "https://a.example/s file:///srv/more"),
    }


def test_pip_config_can_be_switched_off(pc: Any) -> None:
    system = pc(
        "linux",
        files={USER_PIP: b"[global]\nindex-url = https://a.example/s\n"},
        variables={"PIP_CONFIG_FILE": "/dev/null"},
    )
    assert sources(system, Answers()).index is None


def test_uv_comes_before_pip_and_answers_before_both(pc: Any) -> None:
    system = pc(
        "linux",
        files={
            USER_PIP: b"[global]\nindex-url = https://pip.example/s\nfind-links = /pip\n",
            USER_UV: b'find-links = ["/uv"]\n[[index]]\nname = "own"\nurl = '
            b'"https://uv.example/s"\ndefault = true\n'
            b'[[index]]\nurl = "https://more.example/s"\n[[index]]\nname = "t"\nurl = '
            b'"https://x.example"\nexplicit = true\n',
        },
    )
    assert sources(system, Answers()).index == "https://uv.example/s"
    assert sources(system, Answers()).extra_indexes == ("https://more.example/s",)
    assert sources(system, Answers()).find_links == ("/uv", "/pip")
    mine = Answers(
        index="https://mine.example/s",
        pytorch_index="https://torch.example/whl",
        find_links=("/mine",),
    )
    chosen = sources(system, mine)
    assert (chosen.index, chosen.pytorch_index, chosen.find_links[0]) == (
        "https://mine.example/s",
        "https://torch.example/whl",
        "/mine",
    )


def test_named_indexes_of_uv_lose_their_name(pc: Any) -> None:
    system = pc(
        "linux",
        variables={
            "UV_INDEX": "own=https://a.example/s https://b.example/s",
            "UV_FIND_LINKS": "/a,/b",
        },
    )
    got = sources(system, Answers())
    assert (got.extra_indexes, got.find_links) == (
        ("https://a.example/s", "https://b.example/s"),
        ("/a", "/b"),
    )


def test_the_mirror_of_pythons_comes_from_uvs_settings_or_the_answers(pc: Any) -> None:
    system = pc(
        "linux",
        files={
            USER_UV: b'python-install-mirror = "https://me:pw@etc.example/py"\n'
            b'python-downloads-json-url = "/srv/our pythons.json"\n'
        },
        variables={"UV_PYTHON_INSTALL_MIRROR": "https://me:pw@var.example/py"},
    )
    got = sources(system, Answers())
    assert (got.python_mirror, got.python_list) == (
        "https://me:pw@var.example/py",
        "/srv/our pythons.json",
    )
    assert {(one.name, one.value) for one in settings(system)} == {
        ("python-install-mirror", "https://var.example/py"),
        ("python-downloads-json-url", "/srv/our pythons.json"),
    }
    mine = sources(
        system, Answers(python_mirror="/srv/py", python_list="https://mine.example/list.json")
    )
    assert (mine.python_mirror, mine.python_list) == ("/srv/py", "https://mine.example/list.json")


def test_broken_setting_files_are_passed_over(pc: Any) -> None:
    system = pc(
        "linux",
        files={
            USER_PIP: b"index-url = no section\n",
            USER_UV: b"[[[",
            "/etc/pip.conf": b"\xff\xfe[global]",
        },
    )
    assert (sources(system, Answers()).index, settings(system)) == (None, ())


def test_windows_files_and_proxy_of_the_internet_settings(pc: Any) -> None:
    key = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
    system = pc(
        files={
            "C:\\Users\\Jürgen\\AppData\\Roaming\\pip\\pip.ini": b"[global]\r\nindex-url = "
            b"https://a.example/s\r\n",
            "C:\\ProgramData\\uv\\uv.toml": b'extra-index-url = ["https://b.example/s"]\r\n',
        },
        registry={
            key: {
                "ProxyEnable": 1,
                "ProxyServer": "http=old:80;https=proxy.firma:8080",
                "ProxyOverride": "*.firma;<local>",
                "AutoConfigURL": "http://me:pw@wpad/proxy.pac",
            }
        },
    )
    got = sources(system, Answers())
    assert (got.index, got.extra_indexes, got.proxy, got.no_proxy) == (
        "https://a.example/s",
        ("https://b.example/s",),
        "http://proxy.firma:8080",
        ".firma",
    )
    assert [note.text for note in network(system).notes if note.about == "network.proxy"] == [
        "Windows takes its proxy from a script, http://wpad/proxy.pac: http://proxy.firma:8080 "
        "for the index"
    ]


INTERNET = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
SCRIPT = {
    INTERNET: {
        "AutoConfigURL": "http://wpad/proxy.pac",
        "ProxyEnable": 1,
        "ProxyServer": "fixed.firma:8080",
    }
}


def test_a_proxy_script_is_asked_for_both_indexes(pc: Any) -> None:
    system = pc(registry=SCRIPT, answers={"uv": HELP})
    system.computer.scripted = {
        "https://index.example": "http://proxy.firma:3128",
        "https://download.pytorch.org": "direct",
    }
    got = sources(system, Answers())
    assert (got.proxy, got.no_proxy, got.proxy_script) == (
        "http://proxy.firma:3128",
        "download.pytorch.org",
        "http://wpad/proxy.pac",
    )
    assert {script for _, script, _ in system.computer.consulted} == {"http://wpad/proxy.pac"}
    system.computer.scripted = {"https://": "direct"}
    assert sources(system, Answers()).proxy is None
    notes = [note.text for note in network(system).notes if note.about == "network.proxy"]
    assert notes == [
        "Windows takes its proxy from a script, http://wpad/proxy.pac: no proxy for the index"
    ]


def test_a_script_that_cannot_be_had_leaves_the_fixed_proxy(pc: Any) -> None:
    assert (
        sources(pc(registry=SCRIPT, answers={"uv": HELP}), Answers()).proxy
        == "http://fixed.firma:8080"
    )


def test_what_a_person_chose_goes_before_the_script(pc: Any) -> None:
    for system, answers in (
        (pc(registry=SCRIPT, variables={"HTTPS_PROXY": "http://mine:1"}), Answers()),
        (pc(registry=SCRIPT), Answers(proxy="http://mine:1")),
        (pc(registry=SCRIPT), Answers(offline="D:\\b")),
    ):
        got = sources(system, answers)
        assert got.proxy_script is None and system.computer.consulted == []
        assert got.proxy == ("http://fixed.firma:8080" if answers.offline else "http://mine:1")


def test_detection_is_asked_where_windows_has_it_switched_on(pc: Any) -> None:
    for flags, asked in ((0x09, True), (0x01, False)):
        raw = bytes([0x46, 0, 0, 0, 1, 0, 0, 0, flags, 0, 0, 0])
        connections = {INTERNET + "\\Connections": {"DefaultConnectionSettings": raw}}
        system = pc(registry=connections, answers={"uv": HELP})
        system.computer.scripted = {"https://": "http://found.firma:3128"}
        got = sources(system, Answers())
        assert (got.proxy, got.proxy_detect) == (
            ("http://found.firma:3128", True) if asked else (None, False)
        )
        assert bool(system.computer.consulted) is asked
        assert sources(pc(registry=connections), Answers()).proxy_detect is False


def test_switched_off_proxy_does_not_count(pc: Any) -> None:
    key = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
    assert (
        sources(pc(registry={key: {"ProxyEnable": 0, "ProxyServer": "old:80"}}), Answers()).proxy
        is None
    )


def test_certificate_must_exist(pc: Any) -> None:
    variables = {"SSL_CERT_FILE": "/gone.pem", "PIP_CERT": "/etc/company.pem"}
    system = pc("linux", files={"/etc/company.pem": b"x"}, variables=variables)
    assert sources(system, Answers()).certificate == "/etc/company.pem"
    assert sources(system, Answers(certificates="/my.pem")).certificate == "/my.pem"


def test_both_indexes_are_asked_for_one_projects_page(pc: Any) -> None:
    system = pc(
        "linux",
        answers={"uv": HELP},
        web={
            "https://index.example": "reachable",
            "https://download.pytorch.org": "captive_portal",
        },
    )
    seen = network(system).network
    assert (seen.index, seen.pytorch) == ("reachable", "blocked")
    assert seen.index_fault == ""
    assert seen.pytorch_fault == "captive_portal at https://download.pytorch.org/whl/torch/."
    assert sorted(system.web.asked) == [
        "https://download.pytorch.org/whl/torch/",
        "https://index.example/simple/pip/",
    ]


def test_a_folder_as_index_needs_no_network(pc: Any) -> None:
    system = pc("linux", files={"/opt/my index/pip/x": b""})
    assert network(system, Answers(index="file:///opt/my%20index")).network.index == "reachable"
    gone = network(system, Answers(index="file:///opt/none")).network
    assert gone.index == "unreachable"
    assert gone.index_fault == "The folder /opt/none is not there."


def test_an_offline_bundle_asks_nobody(pc: Any) -> None:
    system = pc("linux", answers={"uv": HELP})
    assert network(system, Answers(offline="/media/bundle")).network.index == "unknown"
    assert system.web.asked == []


def test_passwords_stay_out_of_what_is_shown(pc: Any) -> None:
    system = pc(
        "linux",
        variables={
            "HTTPS_PROXY": "http://me:s3cret@proxy:1",
            "PIP_EXTRA_INDEX_URL": "https://u:s3cret@x/s",
        },
    )
    seen = network(system, Answers(index="https://u:s3cret@mine.example/s"))
    assert "s3cret" not in repr(seen)
    assert "s3cret" in (sources(system, Answers()).proxy or "")
