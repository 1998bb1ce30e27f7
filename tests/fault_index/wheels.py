"""Small but real wheels, the same bytes in every run: what the index on loopback serves."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class SmallWheel:
    """One wheel: its package, version, file name and bytes; ``metadata`` is served beside it (PEP
    658).
    """

    name: str
    version: str
    file: str
    data: bytes
    metadata: bytes

    @cached_property  # an index does not hash its files again for each page
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def make_wheel(
    name: str,
    version: str = "1.0",
    size: int = 0,
    tag: str = "py3-none-any",
    python: str = ">=3.8",
    needs: tuple[str, ...] = (),
    licence: str = "",
) -> SmallWheel:
    """A wheel that installs, with a data file of ``size`` random bytes (seeded by its name).
    ``needs`` are the requirements that its metadata names; where it has a ``licence`` it carries
    the text of one.
    """
    package, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
        + "".join(f"Requires-Dist: {one}\n" for one in needs)
        + (f"License-Expression: {licence}\n" if licence else "")
    ).encode()
    entries = {
        f"{package}/__init__.py": f"__version__ = {version!r}\n".encode(),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: small wheels\nRoot-Is-Purelib: true\nTag: {tag}\n"
        ).encode(),
    }
    if licence:
        entries[f"{info}/licenses/LICENSE"] = f"The text of {licence}\n".encode()
    if size:
        entries[f"{package}/data.bin"] = random.Random(name).randbytes(size)
    record = "".join(
        f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in entries.items()
    )
    entries[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path, data in entries.items():
            archive.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), data)
    return SmallWheel(name, version, f"{package}-{version}-{tag}.whl", packed.getvalue(), metadata)


def load_wheels(folder: Path) -> list[SmallWheel]:
    """Real wheels of a folder, to serve them from loopback."""
    found = []
    for path in sorted(folder.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        with zipfile.ZipFile(path) as archive:
            inside = next(
                n
                for n in archive.namelist()
                if n.endswith(".dist-info/METADATA") and n.count("/") == 1
            )
            metadata = archive.read(inside)
        found.append(
            SmallWheel(
                name.replace("_", "-").lower(), version, path.name, path.read_bytes(), metadata
            )
        )
    return found


def lock_of(wheels: list[SmallWheel]) -> str:
    """A lock as profiles have it: exact pins with hashes, no addresses."""
    return "".join(f"{w.name}=={w.version} \\\n    --hash=sha256:{w.sha256}\n" for w in wheels)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
