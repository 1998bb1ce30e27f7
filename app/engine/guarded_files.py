"""The disk as steps see it.

Below the home folder nothing is deleted or replaced that the journal does not list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from app.model.home_layout import HomeLayout
from app.ports import Files
from app.steps.removing import Record, not_ours


def guard_files(
    files: Files, place: HomeLayout, ours: Callable[[str], bool], record: Record
) -> Files:
    """The same adapter, which refuses to delete or replace what is somebody else's below home
    (``ExpectedError('not-ours')``), and writes down what is made in a folder that is somebody else's.
    """
    return cast(Files, _Guarded(files, place, ours, record))


class _Guarded:
    def __init__(
        self, files: Files, place: HomeLayout, ours: Callable[[str], bool], record: Record
    ) -> None:
        self._files, self._place, self._ours, self._record = files, place, ours, record
        self._papers = (place.marker, place.journal, place.pointer, place.lock)

    def __getattr__(self, name: str) -> Any:
        """Everything that changes nothing is the adapter's own."""
        return getattr(self._files, name)

    def write(self, path: str, data: bytes) -> None:
        """As the adapter's, if the file is new or ours."""
        self._claim_path(path)
        self._files.write(path, data)

    def append(self, path: str, data: bytes) -> None:
        """As the adapter's, if the file is new or ours."""
        self._claim_path(path)
        self._files.append(path, data)

    def copy(self, source: str, target: str) -> None:
        """As the adapter's, if the target is new or ours."""
        self._claim_path(target)
        self._files.copy(source, target)

    def copy_tree(self, source: str, target: str) -> None:
        """As the adapter's, if the target is new or ours."""
        self._claim_path(target)
        self._files.copy_tree(source, target)

    def make_folder(self, path: str) -> None:
        """As the adapter's; a new one is written down where the folder above is not ours."""
        if not self._files.exists(path):
            self._claim_path(path)
        self._files.make_folder(path)

    def remove(self, path: str) -> None:
        """As the adapter's, if what lies there is ours."""
        self._require_ours(path)
        self._files.remove(path)

    def set_aside(self, source: str, target: str) -> None:
        """As the adapter's, if what lies there is ours."""
        self._require_ours(source)
        self._files.set_aside(source, target)

    def _claim_path(self, path: str) -> None:
        if path in self._papers or not self._place.holds(path):
            return
        if self._files.exists(path):
            self._require_ours(path)
        elif not self._ours(path):
            while not self._files.exists(above := self._place.folder_of(path)) and (
                self._place.holds(above)
            ):
                path = above  # a folder that is made for the file is ours as a whole
            self._record("made", {"path": path})

    def _require_ours(self, path: str) -> None:
        if path in self._papers or not self._place.holds(path) or self._ours(path):
            return
        if self._files.exists(path):
            raise not_ours(path)
