"""Deletes trees of files; links and junctions go and their targets stay.

One file that stays does not keep the rest.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.adapters.file_tree import is_link

_PATIENCE = (0.05, 0.1, 0.2, 0.4)  # seconds; a virus scanner holds a new file open for a moment


@dataclass
class Removal:
    """One removal. ``kept`` are the paths that could not be deleted, each with its error.

    ``busy`` tells whether an error means that somebody uses the file, which may pass.
    """

    busy: Callable[[OSError], bool]
    kept: list[tuple[str, OSError]] = field(default_factory=list)
    _waited: int = 0

    def remove(self, path: str) -> None:
        """Delete a file, a link, a junction, or a folder with all that is in it. Nothing there is fine.

        A disk that is mounted inside of the tree is no part of it: its folder stays, and is told.
        """
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            self.kept.append((path, error))
            return
        self._remove_entry(path, found, found.st_dev)

    def _remove_entry(self, path: str, found: os.stat_result, volume: int) -> None:
        if is_link(found) or not stat.S_ISDIR(found.st_mode):
            self._delete_entry(os.unlink, path)
            return
        if found.st_dev != volume:
            self.kept.append((path, OSError(errno.EXDEV, "another disk is mounted there")))
            return
        before = len(self.kept)
        for name in self._list_names(path):
            whole = os.path.join(path, name)
            try:
                inner = os.lstat(whole)
            except FileNotFoundError:
                continue
            except OSError as error:
                self.kept.append((whole, error))
                continue
            self._remove_entry(whole, inner, volume)
        if len(self.kept) == before:
            self._delete_entry(os.rmdir, path)

    def _list_names(self, folder: str) -> list[str]:
        for last in (False, True):
            try:
                with os.scandir(folder) as entries:
                    return sorted(entry.name for entry in entries)
            except FileNotFoundError:
                return []
            except PermissionError as error:
                if last or self.busy(error):
                    self.kept.append((folder, error))
                    return []
                _make_writable(folder)
            except OSError as error:
                self.kept.append((folder, error))
                return []
        return []

    def _delete_entry(self, act: Callable[[str], None], path: str) -> None:
        """One entry. What is marked read-only (git packs, some wheels) is made writable and tried again."""
        try:
            act(path)
            return
        except FileNotFoundError:
            return
        except PermissionError:
            _make_writable(path)
            _make_writable(os.path.dirname(path))
        except OSError as error:
            self.kept.append((path, error))
            return
        while True:
            try:
                act(path)
                return
            except FileNotFoundError:
                return
            except OSError as error:
                if self._waited >= len(_PATIENCE) or not self.busy(error):
                    self.kept.append((path, error))
                    return
                time.sleep(_PATIENCE[self._waited])
                self._waited += 1  # one patience for the whole tree: thousands of files may be held


def _make_writable(path: str) -> None:
    """Let this user change an entry; a link's target keeps its rights."""
    with contextlib.suppress(OSError):
        found = os.lstat(path)
        if not is_link(found):
            more = stat.S_IRWXU if stat.S_ISDIR(found.st_mode) else stat.S_IWUSR
            os.chmod(path, stat.S_IMODE(found.st_mode) | more)
