"""Sentences for people are messages, written out where they are made, and one place encodes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.model.message import places
from build.extract_messages import MAKERS, UNSEEN, texts

ROOT = Path(__file__).resolve().parents[2]
ENCODERS = {"msgspec.json.encode", "msgspec.json.Encoder", "msgspec.to_builtins"}
# Calls that carry a sentence for people, and where it stands among their arguments.
CARRIERS = {
    "ExpectedError": 1,
    "InputError": 0,
    "NotInstalledError": 0,
    "download_error": 1,
    "CheckFailed": 1,
    "CannotRun": 1,
    "_answer_error": 2,
    "_RowError": 1,
}
# Fields that a page shows.
SHOWN = {"hint", "title", "why", "remedy", "fault", "does"}
# Where messages are made of messages.
MADE_OF_OTHERS = ("app/model/message.py", "resources/checks/telling.py")
# What is wrong in the program's own data or in a recorded machine: for who writes it.
FOR_AUTHORS = ("app/knowledge.py", "app/model/condition.py", "app/adapters/replay.py")


def calls(*folders: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call below these folders, with its file."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield where, node


def bare_sentences(node: ast.expr) -> Iterator[str]:
    """Texts of several words, or made of parts, that are not in a message."""
    if isinstance(node, ast.IfExp):
        yield from (*bare_sentences(node.body), *bare_sentences(node.orelse))
    elif isinstance(node, ast.BinOp):
        yield from (*bare_sentences(node.left), *bare_sentences(node.right))
    elif isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()
    ):
        yield ast.unparse(node)


def test_values_are_encoded_in_one_place() -> None:
    """Anywhere else msgspec would refuse a message, and only where one happens to be in the value."""
    found = {
        where
        for where, call in calls("app")
        if ast.unparse(call.func) in ENCODERS and where != "app/model/encoding.py"
    }
    assert not found, f"{sorted(found)}: use app/model/encoding.py"


def test_what_people_are_told_is_a_message() -> None:
    found = []
    for where, call in calls("app", "resources/checks"):
        if where.startswith((*UNSEEN, *FOR_AUTHORS, "app/gui/", "app/report/")):
            continue
        place = CARRIERS.get(ast.unparse(call.func).rpartition(".")[2])
        told = [k.value for k in call.keywords if k.arg in SHOWN and where.startswith("app/")]
        told += call.args[place : place + 1] if place is not None else []
        found += [f"{where}:{call.lineno}: {text}" for one in told for text in bare_sentences(one)]
    assert not found, "\n".join(found)


def test_every_message_is_written_out_and_has_its_values() -> None:
    """A template is a literal, so that the catalogue has it; its places are the values, by name."""
    found = []
    for where, call in calls("app", "resources/checks"):
        if ast.unparse(call.func) not in MAKERS or where in MADE_OF_OTHERS:
            continue
        given = {k.arg for k in call.keywords}
        ends = [call.args[0]]
        if isinstance(ends[0], ast.IfExp):
            ends = [ends[0].body, ends[0].orelse]
        for end in ends:
            if isinstance(end, ast.JoinedStr | ast.BinOp):
                found.append(f"{where}:{call.lineno}: {ast.unparse(end)}")
            # a template without any value is filled later; names with a dot are facts, from ``fill``
            elif isinstance(end, ast.Constant) and given and None not in given:
                assert isinstance(end.value, str)
                wanted = {name for name in places(end.value) if "." not in name}
                if wanted != given:
                    found.append(f"{where}:{call.lineno}: {end.value!r} with {given}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "Needs driver {needed} or newer; yours is {found}.",  # a conclusion
        "{host} refuses the connection.",  # a row of a table
        "{where} is true or false",  # one end of a choice
        "the loss is not a number",  # a check, inside an environment
        "The home folder {own} cannot be written; expected a folder that you may write to.",
        "{card.name}, no driver",  # data
    ],
)
def test_the_catalogue_has_texts_of_every_kind(text: str) -> None:
    assert text in texts()


@pytest.mark.parametrize(
    ("code", "bare"),
    [
        ("'plain words'", True),
        ("f'{name} is gone'", True),
        ("Message('plain words') if x else ''", False),
        ("Message('one ') + 'and another'", True),
        ("error.message", False),
    ],
)
def test_a_bare_sentence_is_seen(code: str, bare: bool) -> None:
    assert bool(list(bare_sentences(ast.parse(code, mode="eval").body))) is bare
