"""A secret goes however it is written.

Inside of JSON, addresses, HTML, colours, other encodings, and over two lines.
"""

from __future__ import annotations

import html
import json
import re
import string
import time
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decide.diagnosis.regex_prefilter import SearchedText, sub_in_candidates
from app.decide.redaction.identities import known_rules
from app.decide.redaction.person_patterns import LAST
from app.decide.redaction.redact import Redactor
from app.decide.redaction.secret_patterns import SHAPES
from tests.redaction import redactor

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


def random(letters: str, length: int) -> st.SearchStrategy[str]:
    """With a digit in its middle, so that it is no word of the code."""
    return st.text(letters, min_size=length, max_size=length).map(
        lambda s: s[: length // 2] + "7" + s[length // 2 + 1 :]
    )


def kind(context: str, *parts: str | st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """A secret and the line it stands in."""
    made = st.tuples(*[st.just(p) if isinstance(p, str) else p for p in parts]).map("".join)
    return made.map(lambda s: (s, context.replace("@@", s)))


TOKENS = (
    kind("HF_TOKEN=@@", "hf_", random(ALNUM, 34)),
    kind("using @@ to log in", "ghp_", random(ALNUM, 36)),
    kind("using @@", "github_pat_", random(ALNUM, 60)),
    kind("OPENAI_API_KEY=@@", "sk-proj-", random(ALNUM, 44)),
    kind("AWS_ACCESS_KEY_ID=@@", "AKIA", random(UPPER, 16)),
    kind("key @@ end", "AIza", random(ALNUM, 35)),
    kind("slack @@ end", "xoxb-", random(string.digits, 11), "-", random(ALNUM, 24)),
    kind("@@", "glpat-", random(ALNUM, 20)),
    kind("WANDB_API_KEY=@@", random(HEX, 40)),
    kind("KAGGLE_KEY=@@", random(HEX, 32)),
    kind("@@", "KGAT_", random(HEX, 32)),
    kind("@@", "wandb_v1_", random(ALNUM, 70)),
    kind("@@", "npm_", random(ALNUM, 36)),
    kind("@@", "GOCSPX-", random(ALNUM, 28)),
    kind("Bearer @@", "eyJhbGciOiJIUzI1NiJ9.eyJ", random(ALNUM, 20), ".", random(ALNUM, 43)),
)
NAMED = (
    kind("aws_secret_access_key = @@", random(ALNUM + "/+", 40)),
    kind("AccountKey=@@;x", random(ALNUM + "+/", 86), "=="),
    kind("AZURE_CLIENT_SECRET=@@", random(ALNUM, 34)),
    kind("MYCORP_TOKEN=@@", random(ALNUM, 20)),
    kind('{"Authorization": "Bearer @@"}', random(ALNUM, 30)),
    kind("X-Api-Key: @@", random(ALNUM, 30)),
    kind(
        "Authorization: Basic @@",
        random(ALNUM, 12).map(lambda s: b64encode(f"jane:{s}".encode()).decode()),
    ),
    kind("Cookie: sid=@@", random(ALNUM, 26)),
    kind("https://me:@@@mirror.example/simple", random(ALNUM, 14)),
    kind("HTTPS_PROXY=http://corp\\jane:@@@proxy.example:8080", random(ALNUM, 14)),
    kind("password=@@", random(ALNUM, 12)),
    kind("PGPASSWORD=@@", random(ALNUM, 12)),
    kind("--password @@ x", random(ALNUM, 12)),
    kind("https://hooks.slack.com/services/@@", "T0AAAAAA1/B0BBBBBB2/", random(ALNUM, 24)),
    kind("Serial Number: @@", random(UPPER, 10)),
    kind("SSID : @@", "Haus ", random(ALNUM, 8)),
    kind("UUID: @@)", "GPU-", st.uuids().map(str)),
    kind("link/ether @@ brd", st.lists(random(HEX, 2), min_size=6, max_size=6).map(":".join)),
    kind(
        "connect to @@ failed",
        st.tuples(st.sampled_from([8, 52, 93]), *[st.integers(1, 250)] * 3).map(
            lambda p: ".".join(map(str, p))
        ),
    ),
    kind("peer [@@]:443", "2a02:8109:", random("123456789abcdef", 4), "::17"),
    kind("peer [@@]:443", "::ffff:52.7.3.", random("123456789", 2)),
    kind("mail @@ now", random(string.ascii_lowercase, 8), "@firma.example.de"),
    kind(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n@@\n-----END OPENSSH PRIVATE KEY-----",
        random(ALNUM, 70),
    ),
    kind("@@\n-----END RSA PRIVATE KEY-----", random(ALNUM, 64)),
)
USERS = (
    "Jürgen Meister",
    "mschmidt",
    "François",
    "Łukasz Nowak",
    "小明同学",
    "O'Brien",
    "x.müller",
    "Пётр",
    "Jörg-Peter",
)
NAMES = st.sampled_from(USERS).flatmap(
    lambda name: st.sampled_from(
        (
            "C:\\Users\\@@\\AppData\\Local",
            "/home/@@/x",
            "user @@ logged on",
            "C:/Users/@@/x",
            "file:///C:/Users/@@/x",
            "/mnt/c/Users/@@/x",
            "\\\\?\\C:\\Users\\@@\\x",
            "(env) @@: ok",
            "D:\\Benutzer\\@@",
            "LOGNAME=@@",
            "C--Users-@@-proj",
        )
    ).map(lambda line: (name, line.replace("@@", name)))
)

Writing = Callable[[str, str], str]


def split(text: str, secret: str, between: str) -> str:
    at = text.index(secret) + len(secret) // 2
    return text[:at] + between + text[at:]


# Each takes the line and the secret in it.
WRITINGS: dict[str, Writing] = {
    "as it is": lambda t, _: t,
    "JSON": lambda t, _: json.dumps({"m": t}),
    "JSON in JSON": lambda t, _: json.dumps(json.dumps({"m": t})),
    "JSON, three deep": lambda t, _: json.dumps(json.dumps(json.dumps({"m": t}))),
    "JSON, slashes escaped": lambda t, _: json.dumps(t).replace("/", "\\/"),
    "\\u for every sign": lambda t, s: t.replace(s, "".join(f"\\u{ord(c):04x}" for c in s)),
    "Python's bytes": lambda t, _: repr(t.encode())[2:-1],
    "Python's ascii": lambda t, _: ascii(t)[1:-1],
    "git's octal": lambda t, _: "".join(
        c if c < "\x7f" else "".join(f"\\{b:o}" for b in c.encode()) for c in t
    ),
    "address": lambda t, _: quote(t),
    "address in address": lambda t, _: quote(quote(t, safe=""), safe=""),
    "address, each sign": lambda t, s: t.replace(s, "".join(f"%{b:02x}" for b in s.encode())),
    "form": lambda t, _: "said=" + quote_plus(t + "!"),
    "HTML": lambda t, _: html.escape(t),
    "HTML, numbers": lambda t, s: t.replace(s, "".join(f"&#{ord(c)};" for c in s)),
    "HTML, hex numbers": lambda t, s: t.replace(s, "".join(f"&#x{ord(c):X};" for c in s)),
    "backslashes doubled": lambda t, _: t.replace("\\", "\\\\"),
    "backslashes quadrupled": lambda t, _: t.replace("\\", "\\\\\\\\"),
    "a colour within": lambda t, s: split(t, s, "\x1b[1;31m"),
    "a colour within, in JSON": lambda t, s: json.dumps(split(t, s, "\x1b[31m")),
    "a colour for each sign": lambda t, s: t.replace(
        s, "".join(f"\x1b[3{n % 8}m{c}" for n, c in enumerate(s))
    ),
    "a sign without width": lambda t, s: split(t, s, "\u200b"),
    "accents apart": lambda t, _: unicodedata.normalize("NFD", t),
    "UTF-16 read as bytes": lambda t, _: "\0".join(t),
    "UTF-8 read as cp1252": lambda t, _: (
        t.encode().decode("cp1252", "replace") if t.isascii() or "ü" in t else t
    ),
}
BREAKS = {"bare": "\n", "indented": "\n        ", "Windows": "\r\n", "in a box": " │\n│ "}
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def read(text: str) -> set[str]:
    """What a person or a program can read in a text."""
    bare = re.sub("[\0\u200b]", "", _COLOUR.sub("", text))
    deep = bare
    for _ in range(4):
        deep = html.unescape(unquote(deep))
        deep = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda m: chr(int(m.group(1), 16)), deep)
        deep = re.sub(
            r"(?:\\+x[0-9a-f]{2})+",
            lambda m: bytes.fromhex(re.sub(r"\\+x", "", m.group())).decode("utf-8", "replace"),
            deep,
        )
        deep = re.sub(
            r"(?:\\[0-3][0-7]{2})+",
            lambda m: bytes(int(o, 8) for o in m.group().split("\\")[1:]).decode(
                "utf-8", "replace"
            ),
            deep,
        )
        deep = _COLOUR.sub("", re.sub(r"\\+", r"\\", deep).replace("\\/", "/"))
    found = {text, bare, re.sub(r"[ │]*\r?\n[ │]*", "", bare), deep, deep.replace("+", " ")}
    return {unicodedata.normalize("NFC", t).lower() for t in found}


def check(take_out: Redactor, written: str, secret: str) -> None:
    before, after = "line 14: torch 2.4.0+cu121", "Collecting xformers==0.0.27"
    for text in (written, f"{before}\n{written}\n{after}"):
        out = take_out.text(text)
        for seen in read(out):
            assert secret.lower() not in seen, (written, out)
        assert out.count("\n") == text.count("\n"), "lines keep their numbers"
    assert out.startswith(before)
    assert out.endswith(after)


@given(planted=st.one_of(*TOKENS, *NAMED), how=st.sampled_from(sorted(WRITINGS)))
@settings(max_examples=1500, deadline=None)
def test_a_secret_goes_in_every_writing(planted: tuple[str, str], how: str) -> None:
    secret, line = planted
    check(redactor(), WRITINGS[how](line, secret), secret)


@given(planted=NAMES, how=st.sampled_from(sorted(WRITINGS)))
@settings(max_examples=600, deadline=None)
def test_a_known_name_goes_in_every_writing(planted: tuple[str, str], how: str) -> None:
    name, line = planted
    check(redactor(names={"user": name}), WRITINGS[how](line, name), name)


@given(planted=st.one_of(*TOKENS), how=st.sampled_from(sorted(BREAKS)), data=st.data())
@settings(max_examples=500, deadline=None)
def test_a_token_over_two_lines_goes_and_the_next_line_stays(
    planted: tuple[str, str], how: str, data: st.DataObject
) -> None:
    secret, line = planted
    at = line.index(secret) + data.draw(st.integers(1, len(secret) - 2))
    rest = line[at:].split(secret[-2:])[0] + secret[-2:]
    if not re.search(r"\d", rest) or rest.isdigit():
        return  # the end alone reads like a word or a number of its own, and tells nothing
    check(redactor(), line[:at] + BREAKS[how] + line[at:], secret)


@pytest.mark.parametrize("name", ["Jürgen Meister", "mschmidt", "Łukasz Nowak", "小明同学"])
@pytest.mark.parametrize("between", BREAKS.values(), ids=BREAKS)
def test_a_known_name_over_two_lines_goes(name: str, between: str) -> None:
    for at in range(1, len(name)):
        for line in ("C:\\Users\\@@\\AppData", "user @@ logged on"):
            check(
                redactor(names={"user": name}),
                line.replace("@@", name[:at] + between + name[at:]),
                name,
            )


@pytest.mark.parametrize(
    "page", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850"]
)
def test_a_log_in_any_encoding_loses_all(page: str) -> None:
    log = (
        "Zugriff verweigert für Gerät und Schlüssel\nC:\\Users\\Jürgen\\x "
        "hf_0123456789abcdefghijABCDEFGH\npassword=geheim77\n" * 3
    )
    out = redactor(names={"user": "Jürgen"}).data(log.encode(page)).decode()
    assert not re.search("rgen|hf_0|geheim", out)
    assert "Schlüssel" in out


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Jürgen Meister", "JRGENM~1"),
        ("Jürgen Meister", "JÜRGEN~1"),
        ("Jürgen Meister", "J_RGEN~2"),
        ("Jürgen Meister", "JURGEN~1"),
        ("Jürgen", "JRGEN~1"),
        ("adalovelace", "ADALOV~1"),
        ("x.müller", "X~1"),
        ("anna maria", "ANNAMA~3"),
    ],
)
def test_short_names_of_old_windows_programs_go(name: str, short: str) -> None:
    for text in (
        f"C:\\Users\\{short}\\AppData",
        f"TEMP=C:/Users/{short}/x",
        f"C:\\\\Users\\\\{short}\\\\x",
        f"for {short} now",
    ):
        if text.startswith("for") and name == "x.müller":
            continue  # one letter and a number are too little outside of a path
        assert short not in redactor(names={"user": name}).text(text)


@pytest.mark.parametrize(
    "harmless",
    [
        "hf_unreachable\nOSError: We couldn't connect to 'https://huggingface.co'",
        "Linux 5.15.153.1-microsoft-standard-WSL2",
        "hf_token = get_token()",
        "token = self.token",
        "use_auth_token=use_auth_token",
        "_SECRET = re.compile(x)",
        "secret: random signs",
        "def login(user: str, password: str) -> None:",
        "the serial numbers",
        "home/envs/torch28",
        "wsl_gpu_unavailable\nDone",
        "nvidia_cuda_nvrtc_cu12-12.1.105-py3-none-win_amd64.whl\nCollecting torch==2.4.0+cu121",
        "sha256:9b22d6d98aa56f9317902dec0e066814a6edba1aada90110ceea2bb0678df22f9\nfile 12 of 60",
        "torch-2.4.0%2Bcu121-cp311-cp311-win_amd64.whl",
        "epoch 1\n2 of 3\n14:30:01 done\n2026-11-24 15:00:00",
        "CUDA 12.4.1\n8.6 capability",
        "EOS_TOKEN=1",
        "MAX_TOKENS=2048",
        'os.environ["HF_TOKEN"] = None',
        "PWD=/tmp/x",
        "expected -----BEGIN PRIVATE KEY----- in the file",
        "00000000:01:00.0 Off",
        "eos_token: <|im_end|>",
        "driver 31.0.15.5222",
        "nvidia-cudnn-cu12            9.1.0.70",
        "NVIDIA driver version: 31.0.15.22",
        "cuDNN 9.1.0.70",
        "d41d8cd98f00b204e9800998ecf8427e  weights.bin",
    ],
)
def test_what_helps_to_find_a_fault_stays(harmless: str) -> None:
    take_out = redactor(names={"user": "mschmidt", "host": "bench"})
    assert take_out.text(harmless).replace("<key>", "-----BEGIN PRIVATE KEY-----") == harmless


@pytest.mark.parametrize(
    ("user", "line"),
    [
        ("ubuntu", "Ubuntu 22.04.4 LTS"),
        ("max", "max_seq_length = 2048, max_tokens"),
        ("will", "it will fail"),
        ("jan", "24 Jan 2026"),
        ("ray", "ray 2.9"),
        ("debian", "Debian GNU/Linux 12"),
    ],
)
def test_a_user_named_like_a_word_of_logs_spoils_no_line(user: str, line: str) -> None:
    take_out = redactor(names={"user": user, "host": "localhost"})
    assert take_out.text(f"{line}: http://localhost:8888") == f"{line}: http://localhost:8888"
    out = take_out.text(f"/home/{user}/x C:\\Users\\{user}\\y {user}@box")
    assert user not in out


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("index-url = https://user:p%40ss7@host/simple", "ss7"),
        ("http://user:p@ss7@proxy:8080", "ss7"),
        ('{"auths": {"ghcr.io": {"auth": "amFuZTpzdXBlcnNlY3JldDEyMw=="}}}', "amFuZTpz"),
        ("owner S-1-5-21-1004336348-1177238915-682003330-512", "1004336348"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ jane@laptop7", "jane@laptop7"),
    ],
)
def test_what_programs_write_into_their_settings_goes(line: str, secret: str) -> None:
    assert secret not in redactor().text(line)


def test_an_address_with_a_port_and_a_mail_keeps_its_host() -> None:
    assert (
        redactor().text("https://host:8443/path?to=a@b.example")
        == "https://host:8443/path?to=<email>"
    )


def test_a_card_before_an_address_makes_it_no_version() -> None:
    assert "52.1.2.3" not in redactor().text(
        "NVIDIA GeForce RTX 3090 52.1.2.3 and torch 2.4.0+cu121 52.1.2.3"
    )


def test_known_secrets_go_where_no_rule_knows_them() -> None:
    take_out = redactor(secrets=["correct horse"])
    out = take_out.text(
        "said correct horse and correct%20horse and " + b64encode(b"correct horse").decode()
    )
    assert "horse" not in out
    assert "Y29ycmVjd" not in out
    assert take_out.counts == {"token": 3}


HOSTILE = {
    "one long word": "a" * 400_000,
    "base64": "Ab1+" * 100_000,
    "keys without end": "-----BEGIN RSA PRIVATE KEY-----\n" * 12_000,
    "lines of base64": ("QWxhZGRpbjpvcGVuIHNlc2FtZQ1" * 3 + "\n") * 5_000 + "PRIVATE KEY",
    "colons": "a:" * 200_000,
    "addresses": "http://a:" * 44_000,
    "escapes": "\\u0041" * 66_000,
    "backslashes": "\\" * 400_000,
    "percents": "%25" * 130_000,
    "short lines": "a1B\n" * 100_000,
    "folders": "C:\\Users\\" * 44_000,
    "at": "aaaa:bbbb@" * 40_000,
    "dots": "a." * 200_000 + "@",
    "spaces": " " * 400_000,
    "no colour": "\x1b[" * 200_000,
    "headers": "cookie: " * 50_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_takes_for_ever(text: str) -> None:
    """Each takes about a second; anything that is not linear takes minutes."""
    began = time.process_time()
    redactor(names={"user": "Jürgen Meister", "host": "BENCH77"}).text(text)
    assert time.process_time() - began < 20


@given(
    planted=st.lists(st.one_of(*TOKENS, *NAMED, NAMES), min_size=1, max_size=4),
    gap=st.sampled_from(["\n", "\n\n", "\nx\n"]),
)
@settings(max_examples=150, deadline=None)
def test_looking_at_some_lines_alone_finds_the_same(
    planted: list[tuple[str, str]], gap: str
) -> None:
    text = gap.join(["a line before", *(line for _, line in planted), "a line after"])
    for rule in (*SHAPES, *known_rules(None, {"user": "mschmidt", "host": "bench"}), *LAST):
        assert sub_in_candidates(
            rule.pattern, rule.instead, SearchedText(text), rule.sign
        ).text == rule.pattern.sub(rule.instead, text)
