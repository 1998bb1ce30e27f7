"""Collects what the program raises for people.

The sentences and hints of expected faults, wherever in app/ or the checks.

They are read off the calls, so that none can be forgotten: a sentence made with values becomes a
shape (``{1} is not there.``), a name is followed to what it was bound to, both ends of a choice
count. What cannot be read is listed by ``unread``; the tests hold that list to the few places that
hand on another's words.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Calls that carry a sentence for people, and where it stands among their arguments.
CARRIERS = {
    "ExpectedError": 1,
    "BadInput": 0,
    "download_error": 1,
    "CheckFailed": 1,
    "CannotRun": 1,
    "run_check": 2,
    "run_child": 2,
    "_answer_error": 2,
}
# Not seen in the window: the command line's own words, and what is wrong in the program's own data,
# for who writes it.
UNSEEN = (
    "app/gui/",
    "app/cli/",
    "app/__main__.py",
    "app/knowledge.py",
    "app/model/condition.py",
    "app/adapters/replay.py",
)
# Functions and tables whose every sentence is put into one of those, or stands beside a thing that
# was found.
WHOLE = {
    "app/decide/plans/uv_errors.py": ("_CAUSES", "_format_host"),
    "app/model/child_exit.py": ("ending",),
    "app/adapters/files.py": ("_holder",),
    "app/probe/leftovers.py": (
        "_DESCRIPTIONS",
        "_own_environments",
        "_find_caches",
        "_find_model_caches",
        "_find_compiled_trainers",
    ),
    "app/steps/drift.py": ("sentence",),
    "resources/checks/fine_tune.py": ("judge",),
    "app/engine/answer_file.py": ("wrong_values",),
}

Names = dict[str, list[ast.expr]]  # what a name was bound to, in a function or in the module


def sentences() -> Iterator[str]:
    """Every sentence and hint, as a shape where values are put in; may repeat."""
    trees = _parse_sources()
    for path, tree in trees.items():
        for node, names in _message_expressions(tree, trees):
            yield from _read_texts(node, names)
        for name in WHOLE.get(path, ()):
            yield from _texts_of_definition(tree, name)


def unread() -> list[str]:
    """``file: expression`` for each sentence or hint that is not written where it is raised."""
    trees = _parse_sources()
    return sorted(
        {
            f"{path}: {ast.unparse(node)}"
            for path, tree in trees.items()
            for node, names in _message_expressions(tree, trees)
            if not _read_texts(node, names)
        }
    )


def _parse_sources() -> dict[str, ast.Module]:
    files = [
        file.relative_to(ROOT).as_posix()
        for folder in ("app", "resources/checks")
        for file in sorted((ROOT / folder).rglob("*.py"))
    ]
    return {
        path: ast.parse((ROOT / path).read_text("utf-8"))
        for path in files
        if not path.startswith(UNSEEN)
    }


def _message_expressions(
    tree: ast.Module, trees: dict[str, ast.Module]
) -> Iterator[tuple[ast.expr, Names]]:
    """Each expression that gives a sentence or a hint, with what its names stand for."""
    module = _collect_bindings(tree.body)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (
            source := trees.get(f"{node.module}".replace(".", "/") + ".py")
        ):
            module = _collect_bindings(source.body) | module
    for made in ast.walk(tree):
        if isinstance(made, ast.FunctionDef):  # the hint that counts where a call gives none
            given = zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True)
            yield from (
                (default, module)
                for one, default in given
                if one.arg == "hint" and default is not None
            )
    for function, call in _calls_within(tree):
        place = CARRIERS.get(_name_of(call.func))
        if place is None:
            continue
        names = module | (
            _collect_bindings(list(ast.walk(function))) if function is not None else {}
        )
        if len(call.args) > place:
            yield call.args[place], names
        yield from ((keyword.value, names) for keyword in call.keywords if keyword.arg == "hint")


def _calls_within(
    tree: ast.AST, function: ast.AST | None = None
) -> Iterator[tuple[ast.AST | None, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield function, node
        yield from _calls_within(node, node if isinstance(node, ast.FunctionDef) else function)


def _name_of(node: ast.expr) -> str:
    return (
        node.id
        if isinstance(node, ast.Name)
        else node.attr
        if isinstance(node, ast.Attribute)
        else ""
    )


def _collect_bindings(nodes: list[ast.stmt] | list[ast.AST]) -> Names:
    found: Names = {}
    for node in nodes:
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
        ):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _read_texts(node: ast.expr, names: Names) -> list[str]:
    """The texts that an expression may give, values numbered. Empty where it is not written here."""
    return [_number_places(text) for text in _possible_texts(node, names)]


def _possible_texts(node: ast.expr, names: Names) -> list[str]:
    """As ``_read_texts``, each value still a bare ``{}``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [
            [str(part.value)] if isinstance(part, ast.Constant) else _texts_of_value(part, names)
            for part in node.values
        ]
        return ["".join(chosen) for chosen in itertools.product(*parts)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        halves = itertools.product(
            _possible_texts(node.left, names), _possible_texts(node.right, names)
        )
        return ["".join(chosen) for chosen in halves]
    if isinstance(node, ast.IfExp):
        return [*_possible_texts(node.body, names), *_possible_texts(node.orelse, names)]
    if isinstance(node, ast.Name) and (bound := names.get(node.id)):
        return list(dict.fromkeys(text for one in bound for text in _possible_texts(one, names)))
    return []


def _texts_of_value(part: ast.expr, names: Names) -> list[str]:
    """A value in a sentence; a piece of a sentence that was bound to a name first is read as if it
    stood there.
    """
    value = part.value if isinstance(part, ast.FormattedValue) else part
    pieces = _possible_texts(value, names) if isinstance(value, ast.Name) else []
    return pieces if any(" " in piece for piece in pieces) else ["{}"]


def _number_places(text: str) -> str:
    numbers = itertools.count(1)
    return "".join(
        f"{{{next(numbers)}}}" + piece if at else piece for at, piece in enumerate(text.split("{}"))
    )


def _texts_of_definition(tree: ast.Module, name: str) -> Iterator[str]:
    """The prose of one function or table: texts of several words, but no docstring and no pattern."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield from (text for text in _find_prose(node) if " " in text.strip())
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(target, ast.Name) and target.id == name:
            rows = (one for one in ast.walk(node) if isinstance(one, ast.Tuple | ast.Dict))
            for cell in (cell for row in rows for cell in _row_sentences(row)):
                yield from (
                    _number_places(re.sub(r"\{\w+\}", "{}", text))
                    for text in _possible_texts(cell, _collect_bindings(tree.body))
                )


def _row_sentences(row: ast.Tuple | ast.Dict) -> list[ast.expr]:
    """The sentences in a row: the values of a dict, what follows pattern and code in a tuple."""
    return row.values if isinstance(row, ast.Dict) else row.elts[2:]


def _find_prose(tree: ast.AST) -> Iterator[str]:
    seen: set[int] = set()
    names = _collect_bindings(list(ast.walk(tree)))
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            seen.add(id(node.value))
        if (
            id(node) not in seen
            and isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)
            and (texts := _read_texts(node, names))
        ):
            seen.update(map(id, ast.walk(node)))
            yield from texts
