"""A model that travels in a bundle: its name, and each of its files with size and hash."""

from __future__ import annotations

from app.model.value import Value


class ModelFile(Value, frozen=True, kw_only=True):
    """One file of a model, by its name alone. Bytes; SHA-256."""

    name: str
    size: int
    sha256: str


class BundledModel(Value, frozen=True, kw_only=True):
    """A model as ``train --model NAME`` will know it; ``revision`` is the hub's, or made of the files'
    hashes for a model of a person's own folder.
    """

    name: str
    revision: str
    files: tuple[ModelFile, ...]

    @property
    def folder(self) -> str:
        """Its folder's name in the hub's cache, and in a bundle below ``models``."""
        return "models--" + self.name.replace("/", "--")

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(one.size for one in self.files)
