"""Nothing that names a person or opens an account survives, wherever it is planted.

Nothing else is broken.
"""

from __future__ import annotations

import json
import re
import string
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.decide.redaction.identities import NOBODY, PLAIN_WORDS, stand_in
from app.model.encoding import encode
from app.model.machine import Home, Leftover, MachineFacts, Network, Os, Python, Setting
from tests.redaction import redactor

LOWER = string.ascii_lowercase
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def text(letters: str, low: int, high: int) -> st.SearchStrategy[str]:
    return st.text(letters, min_size=low, max_size=high)


def secrets(low: int, high: int) -> st.SearchStrategy[str]:
    """Each with a digit in it: Hypothesis also tries words of the code, which stand around a secret
    too (``password=password``).
    """
    return text(ALNUM, low, high).filter(lambda s: any(c.isdigit() for c in s))


SECRETS = st.one_of(
    text(ALNUM, 34, 34).map(lambda s: ("hf_" + s, "hf_" + s)),
    text(ALNUM, 36, 36).map(lambda s: ("ghp_" + s, "ghp_" + s)),
    text(ALNUM + "_", 40, 60).map(lambda s: ("github_pat_" + s, "github_pat_" + s)),
    text(ALNUM, 40, 48).map(lambda s: ("sk-" + s, "sk-" + s)),
    text(ALNUM, 40, 48).map(lambda s: ("sk-proj-" + s, "sk-proj-" + s)),
    text(string.ascii_uppercase + string.digits, 16, 16).map(lambda s: ("AKIA" + s, "AKIA" + s)),
    text(HEX, 40, 40).map(lambda s: (s, f"wandb: api key {s}")),
    text(HEX, 32, 32).map(lambda s: (s, json.dumps({"username": "x", "key": s}))),
    secrets(8, 20).map(lambda s: (s, f"https://me:{s}@mirror.example/simple")),
    secrets(8, 20).map(lambda s: (s, f"http_proxy=http://{s}@proxy.example:8080")),
    secrets(12, 40).map(lambda s: (s, f"Authorization: Bearer {s}")),
    secrets(12, 40).map(lambda s: (s, f"Proxy-Authorization: Basic {s}==")),
    secrets(12, 40).map(lambda s: (s, f"x https://cdn.example/f?X-Amz-Signature={s}&a=1")),
    secrets(8, 20).map(lambda s: (s, f"password={s}")),
    secrets(20, 40).map(
        lambda s: (s, f"-----BEGIN RSA PRIVATE KEY-----\n{s}\n-----END RSA PRIVATE KEY-----")
    ),
    text(string.ascii_uppercase + string.digits, 8, 14).map(lambda s: (s, f"Serial Number: {s}")),
    secrets(5, 20).map(lambda s: (s, f"SSID : {s}")),
    st.tuples(*[text(HEX, 2, 2)] * 6).map(lambda p: (":".join(p), f"link/ether {':'.join(p)} brd")),
    st.tuples(*[text(HEX, 2, 2)] * 6).map(
        lambda p: ("-".join(p), f"Physical Address {'-'.join(p)}")
    ),
    st.uuids().map(lambda u: (str(u), f"GPU 0: X (UUID: GPU-{u})")),
    text(LOWER, 4, 12).map(
        lambda s: (f"{s}@firma.example.de", f"mail to {s}@firma.example.de now")
    ),
    st.tuples(st.sampled_from([8, 17, 52, 93, 142, 203]), *[st.integers(1, 254)] * 3)
    .filter(lambda p: p[:3] != (203, 0, 113))
    .map(lambda p: (".".join(map(str, p)), f"connect to {'.'.join(map(str, p))} failed")),
    text(HEX, 4, 4).map(lambda s: (f"2a02:8109:{s}::17", f"peer [2a02:8109:{s}::17]:443")),
)

NAMES = st.one_of(
    st.sampled_from(
        [
            "Jürgen",
            "mschmidt",
            "Anna Maria",
            "François",
            "Łukasz Nowak",
            "小明同学",
            "O'Brien",
            "x.müller",
            "Пётр",
            "ada",
        ]
    ),
    text(LOWER, 5, 14).filter(
        lambda s: s not in PLAIN_WORDS | NOBODY and s not in {"logged", "users"}
    ),
)


@given(secret=SECRETS, before=text(string.printable, 0, 30), after=text(string.printable, 0, 30))
@settings(max_examples=400, deadline=None)
def test_a_planted_secret_never_survives(secret: tuple[str, str], before: str, after: str) -> None:
    value, line = secret
    assume(value not in before + after)
    out = redactor().text(before + "\n" + line + "\n" + after)
    assert value not in out


@given(secret=SECRETS)
@settings(max_examples=200, deadline=None)
def test_once_is_enough_and_json_stays_json(secret: tuple[str, str]) -> None:
    once = redactor()
    document = json.dumps({"line": secret[1], "n": 3})
    out = once.text(document)
    assert json.loads(out)["n"] == 3
    assert secret[0] not in out
    twice = redactor()
    assert twice.text(out) == out
    assert not twice.counts
    assert sum(once.counts.values()) >= 1


def spellings(name: str) -> list[str]:
    windows = f"C:\\Users\\{name}\\AppData"
    return [
        windows,
        windows.replace("\\", "/"),
        windows.replace("\\", "\\\\"),
        json.dumps(windows),
        quote(windows, safe=""),
        f"/home/{name}/x",
        f"/mnt/c/Users/{name}/x",
        f"file:///C:/Users/{quote(name)}/x",
        f"user {name} logged on",
        json.dumps(json.dumps(name)),
        "\0".join(f"C:\\Users\\{name}\\x"),
        f"({name})",
        f'"{name}"',
        name.upper(),
    ]


@given(name=NAMES)
@settings(max_examples=150, deadline=None)
def test_a_known_name_goes_in_every_spelling(name: str) -> None:
    take_out = redactor(names={"user": name, "home": f"C:\\Users\\{name}"})
    for line in spellings(name):
        out = take_out.text(line)
        for form in {name, quote(name), json.dumps(name)[1:-1], "\0".join(name), name.upper()}:
            assert form.lower() not in out.lower(), (line, out)
        assert take_out.text(out) == out


@given(name=text(ALNUM, 3, 12).filter(lambda s: s.lower() not in PLAIN_WORDS))
@settings(max_examples=150, deadline=None)
def test_an_unknown_name_goes_from_paths(name: str) -> None:
    out = redactor().text(
        f"no file 'C:\\Users\\{name}\\x' nor C:/Users/{name}/y nor /home/{name}/z nor "
        f"C%3A%5CUsers%5C{name}%5Cw"
    )
    kept = stand_in(name) == name or name.lower() in {
        "public",
        "default",
        "runner",
        "root",
        "shared",
        "linuxbrew",
    }
    assert kept or f"{name}\\x" not in out
    assert kept or not any(f"{sep}{name}{sep}" in out for sep in ("\\", "/", "%5C"))


def test_old_short_names_go() -> None:
    take_out = redactor(names={"user": "Jürgen Meister"})
    assert "JÜRGEN" not in take_out.text("C:\\Users\\JÜRGEN~1\\AppData\\Local\\Temp").upper()
    assert "MEISTER" not in take_out.text("C:/Users/J%C3%BCrgen%20Meister/x").upper()


def test_code_pages_and_utf16_logs_go() -> None:
    take_out = redactor(names={"user": "Jürgen", "host": "WORKBENCH7"})
    for page in ("utf-8", "utf-16", "utf-16-le", "cp1252", "cp850"):
        line = (
            "C:\\Users\\Jürgen\\unsloth_env and Jürgen on WORKBENCH7: Zugriff verweigert für "
            "Gerät und Schlüssel\n" * 4
        )
        out = take_out.data(line.encode(page)).decode()
        assert "rgen" not in out
        assert "WORKBENCH7" not in out
        assert "unsloth_env" in out


@pytest.mark.parametrize(
    "harmless",
    [
        "nvidia-cudnn-cu12==9.1.0.70",
        "nvidia_cudnn_cu12-9.1.0.70-py3-none-win_amd64.whl",
        "host 192.168.1.7",
        "127.0.0.1:8080",
        "10.0.0.1",
        "torch 2.4.0+cu121 on Windows 10.0.22631",
        "Driver version 31.0.15.5222",
        "eos_token: <|im_end|>",
        "max_tokens=2048",
        "unsloth @ git+https://github.com/unslothai/unsloth.git",
        "sha256:9b22d6d98aa56f9317902dec0e066814a6edba1aada90110ceea2bb0678df22f9",
        "torch::nms",
        "00000000:01:00.0",
        "C:\\Users\\Public\\x",
        "std::string a::b",
        "12:30:01",
        "tokenizer: LlamaTokenizer",
        "1e-5",
        "fe80::1",
        "password: <password>",
        "https://download.pytorch.org/whl/cu121",
    ],
)
def test_what_names_nobody_stays(harmless: str) -> None:
    take_out = redactor(names={"user": "mschmidt", "host": "bench"})
    assert take_out.text(harmless) == harmless
    assert not take_out.counts


def facts_of(name: str, secret: str) -> MachineFacts:
    return MachineFacts(
        os=Os(family="windows", name="Windows 11 Pro", build=22631),
        home=Home(path=f"C:\\Users\\{name}\\AppData\\Local\\UnslothSetup"),
        pythons=(
            Python(
                path=f"C:\\Users\\{name}\\Python311\\python.exe",
                version="3.11.9",
                packages={"torch": "2.4.0+cu121"},
            ),
        ),
        leftovers=(
            Leftover(id="env:1", kind="venv", path=f"C:\\Users\\{name}\\unsloth_env", size=7),
        ),
        variables={"HF_TOKEN": secret, "PYTHONPATH": f"C:\\Users\\{name}\\lib"},
        network=Network(
            proxy=f"http://{name}:{secret}@proxy.example:8080",
            index="reachable",
            settings=(
                Setting(
                    name="index-url",
                    value=f"https://u:{secret}@mirror.example/simple",
                    origin="pip.ini",
                ),
            ),
        ),
    )


@given(name=NAMES, secret=secrets(10, 30))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_machine_file_still_decodes(name: str, secret: str) -> None:
    facts = facts_of(name, secret)
    out = redactor(facts, {"user": name}).facts(facts)
    written = encode(out)
    assert msgspec.json.decode(written, type=MachineFacts) == out
    assert secret.encode() not in written
    # a field's name may hold a person's: "river" stands in "driver"
    assert not re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", written.decode().lower())
    assert out.os == facts.os
    assert out.pythons[0].packages == facts.pythons[0].packages
    assert out.home is not None
    assert out.home.path.endswith("\\AppData\\Local\\UnslothSetup")
    # what findings look at stays: accents, spaces, and at least the length
    assert out.home.path.isascii() == facts.home.path.isascii()  # type: ignore[union-attr]
    assert (" " in out.home.path) == (" " in facts.home.path)  # type: ignore[union-attr]
    assert len(out.home.path) >= len(facts.home.path)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["windows", "path", "home", "torch", "name", "os", "x", "index", "taken", "token"]
)
def test_a_user_with_an_awkward_name_breaks_no_machine_file(name: str) -> None:
    facts = facts_of(name, "abcdefgh1234")
    out = redactor(facts, {"user": name, "host": name}).facts(facts)
    assert out.os.family == "windows"
    assert f"\\{name}\\" not in out.leftovers[0].path
