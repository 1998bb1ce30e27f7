"""Every call that deletes or replaces a file stands in ``docs/deletions.md``.

With a test that is there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "deletions.md"
# Functions of Python that delete or replace, and of the adapter to the disk (``files`` by its name).
_SYSTEM = re.compile(
    r"(os|shutil)\.(unlink|remove|rmdir|removedirs|rmtree|rename|renames|replace|truncate|move)"
)
_DOOR = re.compile(r"(.*\.)?_?files\.(remove|remove_empty|set_aside|move)")
_OWN = {"take_away", "take_some_away", "replace_file"}
_ROW = re.compile(
    r"\| `(?P<file>app/[\w/.]+)` \| (?P<calls>\d+) \|.*\| `(?P<test>tests/[\w/.]+)` \|"
)


def deleting_calls(source: str) -> Iterator[str]:
    """The function or method around each call that deletes, ``Class.method`` for a method."""
    tree = ast.parse(source)
    called_directly = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node, around in _walk(tree, ()):
        called = node.func if isinstance(node, ast.Call) else node
        if id(node) in called_directly or not isinstance(called, ast.Attribute | ast.Name):
            continue
        name = ast.unparse(called)
        passed = isinstance(node, ast.Attribute) and _SYSTEM.fullmatch(name)
        if passed or (
            isinstance(node, ast.Call)
            and (
                _SYSTEM.fullmatch(name)
                or _DOOR.fullmatch(name)
                or name in _OWN
                or (isinstance(node.func, ast.Attribute) and node.func.attr in ("unlink", "rmdir"))
            )
        ):
            yield ".".join(around)


def _walk(node: ast.AST, around: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    for inner in ast.iter_child_nodes(node):
        named = isinstance(inner, ast.ClassDef | ast.FunctionDef)
        here = (*around, inner.name) if named else around  # type: ignore[attr-defined]
        yield inner, here
        yield from _walk(inner, here)


def found() -> dict[str, int]:
    """Files of the program that delete, with how many calls do."""
    counted = {
        path.relative_to(ROOT).as_posix(): len(list(deleting_calls(path.read_text("utf-8"))))
        for path in sorted((ROOT / "app").rglob("*.py"))
    }
    return {file: calls for file, calls in counted.items() if calls}


def rows() -> list[re.Match[str]]:
    lines = TABLE.read_text("utf-8").splitlines()
    return [row for line in lines if (row := _ROW.fullmatch(line)) is not None]


def test_every_deleting_call_is_listed_and_nothing_else() -> None:
    listed: dict[str, int] = {}
    for row in rows():
        listed[row["file"]] = listed.get(row["file"], 0) + int(row["calls"])
    assert listed == found(), "docs/deletions.md says how to list a call"


def test_the_test_of_each_is_there() -> None:
    assert [row["test"] for row in rows() if not (ROOT / row["test"]).is_file()] == []


def test_a_deleting_call_is_seen_in_every_spelling() -> None:
    source = """
class A:
    def one(self): os.unlink("x")
    def two(self): self.system.files.remove("x")
    def three(self): site.system.files.set_aside("a", "b")
    def four(self): Path("x").unlink(missing_ok=True)
    def five(self): names.remove("x"); text.replace("a", "b")
def six(): shutil.rmtree("x")
def seven():
    def inner(): files.move("a", "b")
def eight(): act(os.rmdir, path)
"""
    assert set(deleting_calls(source)) == {
        *("A.one", "A.two", "A.three", "A.four", "six", "seven.inner", "eight"),
    }


if __name__ == "__main__":
    print("\n".join(f"{calls} {file}" for file, calls in found().items()))
