"""Kinds of secrets times ways of writing times user names, and harmless lines.

A table that the run prints. No leak of a kind in it, under one harmless line in a hundred touched.
"""

from __future__ import annotations

import json
import random
import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from app.decide.redaction.redact import Redactor
from tests.redaction import TABLE, redactor

ALNUM, HEX = string.ascii_letters + string.digits, "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
CHANCE = random.Random(20261129)  # the same secrets in each run
OFTEN = 3  # secrets of a kind


def signs(letters: str, count: int) -> str:
    """Random signs with a figure among them."""
    found = "".join(CHANCE.choice(letters) for _ in range(count - 1))
    return found + CHANCE.choice([c for c in letters if c.isdigit()] or letters)


def groups(letters: str, count: int, length: int, between: str = "-") -> str:
    return between.join(signs(letters, length) for _ in range(count))


KEYS = "BCDFGHJKMPQRTVWXY2346789"
# A line of each kind: @@ is where the secret stands.
KINDS: dict[str, tuple[str, Callable[[], str]]] = {
    "RunPod": ("RUNPOD: @@", lambda: "rpa_" + signs(UPPER, 40)),
    "xAI": ("using @@ now", lambda: "xai-" + signs(ALNUM, 80)),
    "Pinecone": ("pc = Pinecone(@@)", lambda: "pcsk_" + signs(ALNUM + "_", 60)),
    "Vault": ("vault login @@", lambda: "hvs." + signs(ALNUM, 24)),
    "Jina": ("bearer is @@ here", lambda: "jina_" + signs(ALNUM, 48)),
    "Tavily": ("search @@", lambda: "tvly-" + signs(ALNUM, 32)),
    "Fireworks": ("fw @@", lambda: "fw_" + signs(ALNUM, 24)),
    "Supabase": ("url @@", lambda: "sbp_" + signs(HEX, 40)),
    "Linear": ("linear @@", lambda: "lin_api_" + signs(ALNUM, 40)),
    "Atlassian": ("jira @@", lambda: "ATATT3x" + signs(ALNUM + "_-", 180) + "=1A2B3C4D"),
    "Slack cookie": ("d=@@", lambda: "xoxd-" + signs(ALNUM + "%", 80)),
    "Discord bot": (
        "client.run(@@)",
        lambda: "MT" + signs(ALNUM, 24) + "." + signs(ALNUM, 6) + "." + signs(ALNUM, 38),
    ),
    "Azure client": ("app @@ ok", lambda: signs(ALNUM, 3) + "8Q~" + signs(ALNUM + "_.-", 34)),
    "Neptune": ("init(api_token=@@)", lambda: "eyJhcGlfYWRkcmVzcyI6" + signs(ALNUM, 120) + "=="),
    "Hugging Face": ("login(@@)", lambda: "hf_" + signs(ALNUM, 34)),
    "OpenRouter": ("key @@", lambda: "sk-or-v1-" + signs(HEX, 64)),
    "Grafana": ("sa @@", lambda: "glsa_" + signs(ALNUM, 32) + "_" + signs(HEX, 8)),
    "Notion": ("ws @@", lambda: "ntn_" + signs(string.digits, 11) + signs(ALNUM, 35)),
    "Postman": ("run @@", lambda: "PMAK-" + signs(HEX, 24) + "-" + signs(HEX, 34)),
    "Stripe": ("pay @@", lambda: "sk_live_" + signs(ALNUM, 40)),
    "Datadog, named": ("datadog_key: @@", lambda: signs(HEX, 40)),
    "*_PW": ("MYCORP_PW=@@", lambda: signs(ALNUM, 12)),
    "lower *_pw": ('db_pw: "@@"', lambda: signs(ALNUM, 12)),
    "Windows key": ("OA3xOriginalProductKey @@", lambda: groups(KEYS, 5, 5)),
    "BitLocker": ("Recovery: @@", lambda: groups(string.digits, 8, 6)),
    "phone, +49": ("call @@ now", lambda: f"+49 {signs('123456789', 3)} {signs(string.digits, 8)}"),
    "phone, +1": ("call @@ now", lambda: f"+1 (555) {signs('23456789', 3)}-{signs(string.digits, 4)}"),
    "phone, named": ("Telefon: @@", lambda: f"0{signs('123456789', 3)}/{signs(string.digits, 7)}"),
    "IBAN, groups": ("to @@ please", lambda: "DE89 3704 0044 0532 " + groups(string.digits, 1, 4) + " 00"),
    "IBAN, whole": ("to @@ please", lambda: "GB29NWBK60161331926819"),
    "card": ("paid with @@ today", lambda: "4111 1111 1111 1111"),
    "sshpass": ("sshpass -p @@ ssh a@b", lambda: signs(ALNUM, 10)),
    "mysql": ("mysql -u root -p@@ db", lambda: signs(ALNUM, 10)),
    "docker login": ("docker login -u me -p @@ r.example", lambda: signs(ALNUM, 10)),
    "net use": ("net use Z: \\\\host\\share @@ /user:x", lambda: signs(ALNUM, 10)),
    "net user": ("net user karl @@ /add", lambda: signs(ALNUM, 10)),
    "unzip": ("unzip -P @@ a.zip", lambda: signs(ALNUM, 10)),
    "nmcli password": ("nmcli dev wifi connect Home password @@", lambda: signs(ALNUM, 10)),
    "nmcli network": ("nmcli device wifi connect '@@' ifname wlan0", lambda: "Haus " + signs(ALNUM, 6)),
    "nmcli connected": ("wlp3s0: connected to @@", lambda: "Haus" + signs(ALNUM, 6)),
    "UNC server": ("open \\\\@@\\models\\x", lambda: "NAS" + signs(UPPER, 5)),
    "smb server": ("smb://@@/models", lambda: "nas" + signs(HEX, 5)),
    "public address": ("connect to @@ failed", lambda: f"52.{signs('12', 2)}.3.{signs('12', 2)}"),
    "address and port": ("@@:443", lambda: f"17.{signs('12', 2)}.9.4"),
    "bearer": ("bearer @@", lambda: signs(ALNUM, 24)),
    "basic": ("basic @@", lambda: signs(ALNUM, 22) + "=="),
}  # fmt: skip

NAMES = (
    "mschmidt",
    "Jürgen",
    "O'Brien",
    "ada",
    "kim",
    "Anna Maria",
    "x.müller",
    "test",
    "data",
    "user7",
    "max",
)
PLACES = {
    "Windows": "no file C:\\Users\\@@\\AppData\\Local\\x",
    "Windows, end": "cd C:\\Users\\@@",
    "slashes": "C:/Users/@@/x",
    "home": "/home/@@/x.py",
    "home, end": "HOME is /home/@@",
    "mounted": "/mnt/c/Users/@@/x",
    "address": "file:///C:/Users/@@/x",
    "logged on": "user @@ logged on",
    "variable": "USERNAME=@@",
    "at": "@@@workbench7:~$ ls",
    "project": "C--Users-@@-proj",
}

WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda t: t,
    "JSON": lambda t: json.dumps({"m": t}),
    "JSON in JSON": lambda t: json.dumps(json.dumps({"m": t})),
    "repr": lambda t: repr(t.encode()),
    "address": quote,
    "in a log": lambda t: f"2026-11-29 12:00:01,123 INFO x: {t}\nCollecting torch==2.8.0",
    "UTF-16": "\0".join,
}

HARMLESS = (
    "1.2.3.4",
    "torch 2.4.0+cu121 1.2.3.4",
    "12.8.1.24 cuda_runtime",
    "cuda_runtime 12.8.1.24",
    "upgrade from 1.2.3.4 to 1.2.3.5",
    "basic authentication failed",
    "Basic authentication-required",
    "bearer authorization header is missing",
    "docker run -p 8080:80 image",
    "mysql -P 3306 --protocol tcp",
    "ssh -p 2222 host",
    "pip install -p x",
    "+ 12345 - 67890",
    "step 100/1000 loss 1.2345678 lr 2e-05",
    "GPU 0: 4096 4096 4096 4096 8192",
    "r'\\d+\\s\\w'",
    '"C:\\\\Users\\\\Public\\\\x"',
    "\\\\?\\C:\\Program Files\\x",
    "net use",
    "token_type_ids: [0, 0, 1]",
    "The password is wrong.",
    "pat: 3, pin: 4",
    "test passed, data loaded, user test suite",
    "test.py data.json /srv/models/x.test",
    "sha256:9b22d6d98aa56f9317902dec0e066814a6edba1aada90110ceea2bb0678df22f9",
    "commit 644ffba0c6a1f8e0d7f3d9f1c0a4f8b8d7c6e5a4",
    "linear.weight: 0.123456789012345",
    "2026-11-29T12:00:01.123456+01:00",
    "vault of models, key of rows, secret sauce",
    "model.layers.31.self_attn.q_proj.weight",
    "Qwen/Qwen2.5-0.5B-Instruct-bnb-4bit",
)


def leaks(take_out: Redactor, line: str, secret: str) -> list[str]:
    """In which writings of a line its secret is still read."""
    found = []
    for name, write in WRITINGS.items():
        out = take_out.text(write(line)).replace("\0", "").lower()
        forms = {secret, quote(secret), json.dumps(secret)[1:-1], repr(secret.encode())[2:-1]}
        if len(secret) > 11:
            forms |= {form[-7:] for form in forms}  # no part of it either
        if any(form.lower() in out for form in forms):
            found.append(name)
    return found


def test_no_secret_of_a_kind_in_the_table_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    take_out, rows, bad = redactor(), [], []
    for kind, (line, make) in KINDS.items():
        left: Counter[str] = Counter()
        for _ in range(OFTEN):
            secret = make()
            left.update(leaks(take_out, line.replace("@@", secret), secret))
        rows.append(
            f"{kind:20} {OFTEN * len(WRITINGS) - left.total():3} of {OFTEN * len(WRITINGS)}"
        )
        bad += [f"{kind}: {how}" for how in left]
    with capsys.disabled():
        print("\nSecrets taken out, by kind (in " + ", ".join(WRITINGS) + "):")
        print("\n".join(rows))
    assert not bad


def test_no_user_is_left_where_somebody_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    rows, bad = [], []
    for name in NAMES:
        take_out, left = redactor(names={"user": name, "host": "WORKBENCH7"}), []
        for place, line in PLACES.items():
            secret = line.replace("@@", name, 1)
            around = _around(line, name)
            left += [f"{place}: {how}" for how in leaks(take_out, secret, around)]
        whole = len(PLACES) * len(WRITINGS)
        rows.append(f"{name:20} {whole - len(left):3} of {whole}")
        bad += [f"{name}: {one}" for one in left]
    with capsys.disabled():
        print(f"\nUser names taken out (in {len(PLACES)} places, {len(WRITINGS)} writings each):")
        print("\n".join(rows))
    assert not bad


def _around(line: str, name: str) -> str:
    """The name with a sign before and behind it: "test" stands in many a word."""
    at = line.index("@@")
    return line[max(0, at - 1) : at] + name + line[at + 2 : at + 3]


@pytest.mark.parametrize("name", ["", "mschmidt", "test", "data", "max"])
def test_under_one_harmless_line_in_a_hundred_is_touched(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the user is called like a word of every log."""
    take_out = redactor(names={"user": name, "host": "WORKBENCH7"})
    touched = [line for line in HARMLESS if take_out.text(line) != line]
    root = Path(__file__).resolve().parents[3]
    logs = "\n".join(
        one.read_text("utf-8", "replace")
        for one in (
            *sorted((root / "tests/decide/diagnosis/logs").glob("*.txt")),
            root / "requirements-dev.txt",
            root / "CHANGELOG.md",
            *sorted((root / "resources/profiles").glob("*/*.txt"))[:6],
        )
    )
    take_out.counts.clear()
    before, after = logs.split("\n"), take_out.text(logs).split("\n")
    assert len(before) == len(after)
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    with capsys.disabled():
        print(
            f"\nHarmless lines touched, user {name or 'unknown'}: {len(touched)} of {len(HARMLESS)} "
            f"made ones; {len(changed)} of {len(before):,} of logs and lists ({take_out.counts})"
        )
    assert [line for line in touched if name not in line.split()] == []
    assert len(changed) < len(before) / 100


def test_each_row_of_the_table_reads_and_names_itself_once() -> None:
    rows = msgspec.toml.decode(TABLE)["token"]
    names = [row["id"] for row in rows]
    assert len(names) == len(set(names)) > 200
    assert sum(row.get("from") == "gitleaks" for row in rows) > 150
    assert b"MIT License" in TABLE
