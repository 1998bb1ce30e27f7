"""Collects the English texts that a person reads in the window.

Data is in resources/; all else is written out as the first argument of a ``Message`` in app/ or
resources/checks (app/model/message.py). They stay English in files and on the command line. The
window translates what it shows (app/gui/messages.py): the text itself is the key, places to fill in
(``{card.name}``) and all.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MAKERS = ("Message", "telling.Message")
# Not seen in the window: the command line's own sentences.
UNSEEN = ("app/cli/", "app/__main__.py")


def texts() -> list[str]:
    """Every text once, sorted."""
    found = {
        *_rule_texts(),
        *_profile_texts(),
        *_guide_texts(),
        *_known_issue_texts(),
        *_machine_texts(),
        *(text for _, text in messages()),
    }
    return sorted(text for text in found if len(re.sub(r"\{[^{}]*\}|[^A-Za-z]", "", text)) > 2)


def messages() -> Iterator[tuple[str, str]]:
    """Path and template of every message written in the code; may repeat."""
    for folder in ("app", "resources/checks"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if path.startswith(UNSEEN):
                continue
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                for template in _templates_of(node):
                    yield path, template


def _templates_of(node: ast.AST) -> Iterator[str]:
    """What a call marks: the first argument as it is written, both ends of a choice."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS:
        waiting = node.args[:1]
        while waiting:
            one = waiting.pop()
            if isinstance(one, ast.IfExp):
                waiting += [one.body, one.orelse]
            elif isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value


def _read_toml(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "resources" / path).read_text("utf-8"))


def _rule_texts() -> Iterator[str]:
    table = _read_toml("findings.toml")
    for rule in table["rule"]:
        yield from (rule.get(key, "") for key in ("title", "detail", "seen", "remedy", "tag"))
        yield rule.get("action", {}).get("label", "")
    yield from (variable["why"] for variable in table["variable"])
    yield from table["unsafe_characters"].values()
    yield from table["broken_characters"].values()
    yield from table["unknown"].values()


def _profile_texts() -> Iterator[str]:
    for path in sorted((ROOT / "resources" / "profiles").glob("*/profile.toml")):
        profile = _read_toml(f"profiles/{path.parent.name}/profile.toml")
        yield from (profile.get(key, "") for key in ("title", "subtitle", "summary", "supports"))
        yield from (
            *(claim["text"] for kind in ("good", "bad") for claim in profile.get(kind, ())),
            *profile.get("reasons", {}).values(),
        )
        yield from (part["title"] for part in profile.get("parts", ()))
        yield from (one["why"] for one in profile.get("without", ()))


def _guide_texts() -> Iterator[str]:
    for name in ("expected", "benchmarks", "training"):
        for rows in _read_toml(f"guide/{name}.toml").values():
            for row in rows:
                yield from (
                    row[key] for key in ("title", "why", "wrong") if isinstance(row.get(key), str)
                )
                yield from (
                    text for text in [row.get("expected", "")] if " " in text
                )  # a single word is what Python prints
    for correction in _read_toml("guide/corrections.toml")["corrections"]:
        yield from (correction["claim"], correction["truth"], correction["evidence"])


def _known_issue_texts() -> Iterator[str]:
    for path in sorted((ROOT / "resources" / "known_issues").glob("*.toml")):
        chapter = _read_toml(f"known_issues/{path.name}")
        yield from chapter.get("checks", {}).values()
        for known_issue in chapter.get("known_issue", ()):
            yield known_issue["label"].replace("_", " ")  # so the card names another possible cause
            yield from (known_issue["title"], known_issue["means"])
            yield from (text for text in [known_issue.get("check", "")] if text)
            for fix in (known_issue["fix"], *(c["fix"] for c in known_issue.get("cases", ()))):
                yield from (fix["text"], *fix.get("steps", ()))


def _machine_texts() -> Iterator[str]:
    for path in sorted((ROOT / "resources" / "machines").glob("*.json")):
        yield from (
            note["text"]
            for note in json.loads(path.read_text("utf-8")).get("notes", ())
            if note["about"] == "machine"
        )
