"""Windows' rules for files on any system.

Names beyond 259 signs need the prefix, what is open cannot be renamed or deleted, what is read-only
cannot be deleted, and a junction looks like a folder.
"""

from __future__ import annotations

import builtins
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.adapters import files

PREFIX = "\\\\?\\"
_ONE = (
    *("stat", "lstat", "scandir", "listdir", "unlink", "rmdir", "mkdir", "chmod", "readlink"),
    *("open", "access", "utime"),
)
_MOUNT_POINT = 0xA0000003


class WindowsRules:
    """The rules, and what another program holds open. Paths are given as tests write them."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.junctions: set[str] = set()

    def hold(self, path: Path | str) -> None:
        """Another program has this file open, without sharing the right to delete."""
        self.held.add(str(path))

    def let_go(self) -> None:
        """Nobody holds anything any more."""
        self.held.clear()

    def junction(self, path: Path, target: Path) -> None:
        """A junction: a folder by its kind, that leads elsewhere."""
        path.symlink_to(target, target_is_directory=True)
        self.junctions.add(str(path))

    def plain(self, path: Any) -> Any:
        """A path without the prefix. Raises as Windows does for a long one that has none."""
        if not isinstance(path, str | os.PathLike):
            return path
        text = os.fspath(path)
        if not isinstance(text, str):
            return text
        if text.startswith(PREFIX):
            return text.removeprefix(PREFIX)
        if len(text) > 259:
            raise _error(FileNotFoundError, 2, "The system cannot find the path specified", text, 3)
        return text

    def refuse(self, path: str, *, tree: bool) -> None:
        """Raises where a file, or with ``tree`` anything below it, is held."""
        for held in self.held:
            if held == path or (tree and held.startswith(path + "/")):
                raise _error(
                    PermissionError,
                    13,
                    "The process cannot access the file because it is being used by another process",
                    path,
                    32,
                )


def _error(kind: type[OSError], number: int, text: str, path: str, windows: int) -> OSError:
    error = kind(number, text, path)
    error.winerror = windows  # type: ignore[attr-defined,unused-ignore]
    return error


def apply(monkeypatch: pytest.MonkeyPatch) -> WindowsRules:
    """Let the rules hold until the test ends. Only for POSIX: Windows has them by itself."""
    rules = WindowsRules()
    monkeypatch.setattr(
        files, "long_path", lambda path: PREFIX + path if path.startswith("/") else path
    )

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *rest: Any, **more: Any) -> Any:
            opener = more.get("opener")
            if opener is not None and str(path).startswith(PREFIX):
                more["opener"] = lambda name, flags: opener(PREFIX + name, flags)
            return real(rules.plain(path), *rest, **more)

        return call

    for name in _ONE:
        monkeypatch.setattr(os, name, wrapped(getattr(os, name)))
    opened = wrapped(open)
    for module in (builtins, io):
        monkeypatch.setattr(module, "open", opened)
    lstat, unlink, rename, replace = os.lstat, os.unlink, os.rename, os.replace

    def junction_lstat(path: Any, **more: Any) -> Any:
        found = lstat(path, **more)
        if rules.plain(path) in rules.junctions and stat.S_ISLNK(found.st_mode):
            names = [name for name in dir(found) if name.startswith("st_")]
            known = SimpleNamespace(**{name: getattr(found, name) for name in names})
            known.st_mode, known.st_reparse_tag = stat.S_IFDIR | 0o700, _MOUNT_POINT
            return known
        return found

    def windows_unlink(path: Any, **more: Any) -> None:
        whole = rules.plain(path)
        rules.refuse(whole, tree=False)
        found = lstat(path)
        if stat.S_ISREG(found.st_mode) and not found.st_mode & stat.S_IWUSR:
            raise _error(PermissionError, 13, "Access is denied", whole, 5)
        unlink(path, **more)

    def windows_rename(real: Callable[..., None]) -> Callable[..., None]:
        def call(source: Any, target: Any, **more: Any) -> None:
            whole, goal = rules.plain(source), rules.plain(target)
            rules.refuse(whole, tree=True)
            rules.refuse(goal, tree=False)
            real(whole, goal, **more)

        return call

    monkeypatch.setattr(os, "lstat", junction_lstat)
    monkeypatch.setattr(os, "unlink", windows_unlink)
    monkeypatch.setattr(os, "rename", windows_rename(rename))
    monkeypatch.setattr(os, "replace", windows_rename(replace))
    return rules
