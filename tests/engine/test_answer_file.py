"""Answer files: whatever is wrong is named with its line and what was expected.

Every choice of the pages can be answered.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import msgspec
import pytest

from app.engine.answer_file import add_line_number, check_answers, line_of, load_answers
from app.gui.languages import offered
from app.model.answers import Answers
from app.model.errors import InputError

ROOT = Path(__file__).parents[2]
_FIELDS = set(Answers.__struct_fields__)
SOUND = """# choices made beforehand
schema = "answers/1"
profile = "practice-cpu"
home = 'D:\\Unsloth'
language = "de"
index = "https://jan:secret@mirror.invalid/simple/"
pytorch_index = "https://mirror.invalid/whl"
extra_indexes = [
  "https://one.invalid/simple/",  # the first, with a ] and a , in its comment
  "file:///srv/simple",
]
find_links = ["/srv/wheels"]
python_mirror = "/srv/pythons"
python_list = "https://mirror.invalid/pythons.json"
proxy = "proxy.invalid:3128"
certificates = "/etc/ssl/company.pem"
offline = "/media/stick/bundle"
clean_up = ["venv:0011aabb", "cache:pip"]
uninstall_from = "/home/jan/old/bin/python"
verify = "quick"
theme = "dark"
check_updates = false
""" + "".join(
    f"{field} = true\n" for field in Answers.__struct_fields__ if getattr(Answers(), field) is False
)


def test_a_sound_file_fills_every_field_and_begins_with_or_without_a_mark() -> None:
    answers = load_answers(SOUND.encode(), "a.toml")
    assert load_answers(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode(), "a.toml") == answers
    unset = Answers()
    assert [
        f
        for f in Answers.__struct_fields__
        if f != "schema" and getattr(answers, f) == getattr(unset, f)
    ] == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        # no TOML
        ("= =", 1, "invalid statement"),
        ('profile = "x"\n\nindex = "unclosed\n', 3, "illegal character"),
        ("profile = 'x'\nclean_up = [\n'a',\n", 3, "invalid value"),
        ("clean_up = [\n'a'", 2, "unclosed array"),
        ("verify = 'full'\n\nverify = 'quick'\n", 3, "overwrite"),
        ("profile 3", 1, "expected '='"),
        ('home = "C:\\Users"', 1, "in single quotes"),
        ("verify = full", 1, "invalid value"),
        # fields that do not exist, also nested ones
        ("profile = 'practice-cpu'\ncolour = 'red'", 2, "no field colour"),
        ("# x\n\n[profil]\nid = 3", 3, "no field profil"),
        ("verify.quick = true", 1, "verify"),
        ("[[clean_up]]\nid = 'a'", 1, "clean_up"),
        # wrong kinds
        ("\nprofile = 3", 2, "expected a text or nothing, got a number"),
        ("verify = true", 1, "verify"),
        ("find_links = '/srv'", 1, "expected a list, got a text"),
        ("theme = []", 1, "theme"),
        ("[home]\nx = 1", 1, "home"),
        ("clean_up = [\n  'a', # , [\n\n  'b,]',\n  3,\n]", 5, "clean_up[2]"),
        ("find_links = ['a', 3]", 1, "find_links[1]"),
        ("extra_indexes = [['a']]", 1, "extra_indexes[0]"),
        # wrong values
        ("profile = 'practice-cpu'\nverify = 'perhaps'", 2, "full, none, quick"),
        ("theme = 'pink'", 1, "dark, light, system"),
        ("schema = 'answers/2'", 1, "answers/1"),
        ("language = 'klingon'", 1, "de, en"),
        ("\nlanguage = 'tlh'", 2, "language: expected one of de, en"),
        ("index = 'mirror'", 1, "https://"),
        ("pytorch_index = 'ftp://x/whl'", 1, "https://"),
        ("extra_indexes = [\n 'https://x',\n 'nonsense',\n]", 3, "extra_indexes[1]"),
        ("find_links = ['']", 1, "or a folder"),
        ("python_mirror = ''", 1, "or a folder"),
        ("\npython_list = 'ftp://x/list.json'", 2, "or a file"),
        ("proxy = 'my proxy'", 1, "http://host:port"),
        ("home = ' '", 1, "expected a path"),
        ("\n\nprofile = 'no-such'", 3, "expected one of practice-cpu"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check_answers(
            load_answers(text.encode(), "a.toml", ("de", "en")),
            text.encode(),
            "a.toml",
            ("practice-cpu",),
        )
    message = caught.value.message
    assert f"a.toml cannot be used, line {line}:" in message, message
    assert words.lower() in message.lower(), message


def test_bytes_that_are_no_text_are_named_with_their_line() -> None:
    with pytest.raises(InputError, match="line 3: it is not UTF-8 text"):
        load_answers(b"profile = 'x'\n\nhome = '\xff'\n", "a.toml")


def test_a_leftover_that_the_survey_did_not_find_is_named_with_its_line() -> None:
    text = "clean_up = [\n  'venv:1',\n  'venv:2',\n]\n"
    answers = load_answers(text.encode(), "a.toml")
    error = InputError("clean_up: there is no leftover 'venv:2'; the survey found venv:1.")
    assert (
        "a.toml cannot be used, line 3: clean_up"
        in add_line_number(error, answers, text.encode(), "a.toml").message
    )
    other = InputError("Something else.")
    assert add_line_number(other, answers, text.encode(), "a.toml") is other


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        load_answers(b"index = 'https://jan:geheim@'", "a.toml")
    assert "geheim" not in caught.value.message


def test_a_line_is_found_for_every_field_and_item_of_the_sound_file() -> None:
    lines = SOUND.splitlines()
    for field in Answers.__struct_fields__:
        assert lines[line_of(SOUND, field) - 1].startswith(field)
    assert lines[line_of(SOUND, "extra_indexes[1]") - 1] == '  "file:///srv/simple",'


def test_every_choice_that_the_pages_make_can_be_answered() -> None:
    made = set()
    for path in (ROOT / "app" / "gui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "change"
            ):
                made |= {word.arg for word in node.keywords if word.arg}
                made |= {
                    key.value
                    for whole in ast.walk(ast.parse(path.read_text("utf-8")))
                    if isinstance(whole, ast.Dict)
                    and any(word.arg is None for word in node.keywords)
                    for key in whole.keys
                    if isinstance(key, ast.Constant)
                    and isinstance(key.value, str)
                    and key.value in _FIELDS
                }
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr == "answers"
            ):
                made.add(node.attr)
    assert {
        "home",
        "language",
        "theme",
        "clean_up",
        "index",
        "proxy",
        "offline",
        "certificates",
    } <= made
    assert made <= set(Answers.__struct_fields__)


def test_the_published_schema_has_the_same_fields_and_values() -> None:
    schema = json.loads((ROOT / "resources" / "schemas" / "answers.json").read_text())["$defs"][
        "Answers"
    ]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Answers.__struct_fields__)
    own = json.loads(msgspec.json.encode(msgspec.json.schema(Answers)))["$defs"]["Answers"][
        "properties"
    ]
    assert schema["properties"] == own
    [spoken] = [kind for kind in schema["properties"]["language"]["anyOf"] if "pattern" in kind]
    assert all(re.fullmatch(spoken["pattern"], code) for code, _ in offered())


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nindex = 'http://mirror.invalid/simple/'", 2, "without TLS"),
        ("extra_indexes = [\n'https://one.invalid/',\n'http://two.invalid/']", 3, "without TLS"),
        ("find_links = ['http://mirror.invalid/links']", 1, "without TLS"),
        ("python_mirror = 'http://mirror.invalid/pythons'", 1, "without TLS"),
        ("clean_up = " + "[" * 100_000, 1, "nested too deeply"),
    ],
)
def test_what_comes_without_tls_or_too_deep_is_named_with_its_line(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(InputError, match=rf"line {line}: .*{words}"):
        load_answers(text.encode(), "a.toml")


def test_an_index_on_this_computer_needs_no_tls() -> None:
    for host in ("127.0.0.1:8080", "localhost", "127.0.3.9", "[::1]:3141", "mirror.localhost"):
        assert (
            load_answers(f"index = 'http://{host}/simple/'".encode(), "a.toml").index
            == f"http://{host}/simple/"
        )


@pytest.mark.parametrize(
    "proxy", ["jan:geheim@ho st:80", "http://jan:geheim@ho st", "jan:gehe/im@@x y"]
)
def test_a_wrong_address_is_told_without_its_login(proxy: str) -> None:
    with pytest.raises(InputError) as caught:
        load_answers(f"proxy = {json.dumps(proxy)}".encode(), "a.toml")
    assert "gehe" not in caught.value.message and "jan" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\ncertificates = '/no/such.pem'", 2, "certificates: /no/such.pem is not there"),
        ("uninstall_from = '/no/python'", 1, "uninstall_from"),
        ("find_links = [\n'/srv',\n'/no/wheels']", 3, r"find_links\[1\]"),
        ("offline = '/no/bundle'", 1, "offline"),
    ],
)
def test_a_path_that_is_not_there_is_named_with_its_line(text: str, line: int, words: str) -> None:
    data = text.encode()
    answers = load_answers(data, "a.toml")
    check_answers(answers, data, "a.toml", ())  # on somebody else's computer nobody can know
    with pytest.raises(InputError, match=rf"line {line}: .*{words}"):
        check_answers(answers, data, "a.toml", (), lambda path: not path.startswith("/no"))
    check_answers(answers, data, "a.toml", (), lambda _: True)
