"""Collects the English texts that a person reads in the window.

From data, from conclusions and from what is raised.

Data is in resources/, conclusions are drawn in app/decide, what is raised is collected by
fault_texts.py. They stay English in files and on the command line. The window translates what it
shows (app/gui/messages.py): a text of data is its own key, one with places to fill in (``{card.name}``,
or ``{1}`` where Python puts a value) is found by its shape.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from build import fault_texts

ROOT = Path(__file__).resolve().parents[1]
# The conclusions' own sentences, and in the steps what ``done`` says when there is nothing left to
# do.
SPEAKING = (
    "app/decide/findings/ranking.py",
    "app/decide/plans/builder.py",
    "app/decide/verification/judge.py",
    "app/decide/verification/benchmarks.py",
    "app/decide/verification/slowdowns.py",
    "app/decide/findings/fact_table.py",
    "app/decide/plans/fixes.py",
    "app/decide/diagnosis/explain.py",
    "app/engine/runner.py",
)
STEPS = tuple(
    f"app/steps/{name}.py"
    for name in (
        "activate",
        "create_environment",
        "fetch_wheels",
        "install_wheels",
        "provide_python",
        "fix_openmp",
    )
)
# Names of systems and generations, patterns, and sentences for developers or for the answers file.
_NO_PROSE = re.compile(
    r"\\|^(?:Windows|Linux|Ampere|Ada|Blackwell|None|True|none at all)$|^(?:server|windows) |--|^clean_up:"
    r"|^There is no fix|^import |architecture} cards$"
)


def texts() -> list[str]:
    """Every text once, sorted."""
    found = {
        *_rule_texts(),
        *_profile_texts(),
        *_guide_texts(),
        *_known_issue_texts(),
        *_machine_texts(),
        *fault_texts.sentences(),
    }
    for path in SPEAKING:
        found.update(_find_sentences(ast.parse((ROOT / path).read_text("utf-8"))))
    for path in STEPS:
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "done":
                found.update(_find_sentences(node))
    return sorted(text for text in found if len(re.sub(r"\{[^{}]*\}|[^A-Za-z]", "", text)) > 2)


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
            *profile.get("good", ()),
            *profile.get("bad", ()),
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
        for known_issue in _read_toml(f"known_issues/{path.name}").get("known_issue", ()):
            yield known_issue["label"].replace("_", " ")  # so the card names another possible cause
            yield from (
                known_issue["title"],
                known_issue["means"],
                known_issue["fix"]["text"],
                *known_issue["fix"].get("steps", ()),
            )


def _machine_texts() -> Iterator[str]:
    for path in sorted((ROOT / "resources" / "machines").glob("*.json")):
        yield from (
            note["text"]
            for note in json.loads(path.read_text("utf-8")).get("notes", ())
            if note["about"] == "machine"
        )


def _find_sentences(tree: ast.AST) -> Iterator[str]:
    """The prose in a piece of code: no docstrings, no keys, no parts of a longer text."""
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            parts.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            parts.update(id(inner) for inner in ast.walk(node) if inner is not node)
    for node in ast.walk(tree):
        if (
            id(node) not in parts
            and (text := _template_of(node))
            and not _NO_PROSE.search(text)
            and (" " in text.strip() or re.fullmatch("[A-Z][a-z]+", text))
        ):
            yield text


def _template_of(node: ast.AST) -> str:
    """A string as written; what an f-string puts in becomes ``{1}``, ``{2}`` …"""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    text, number = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            number += 1
            text += f"{{{number}}}"
    return text
