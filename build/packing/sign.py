"""Authenticode signatures, made and checked with osslsigncode.

The certificate is a PKCS #12 file that ``UNSLOTH_SIGN_PFX`` names; its password is in
``UNSLOTH_SIGN_PASSWORD``; ``UNSLOTH_SIGN_TIMESTAMP`` may name a time-stamp server (RFC 3161), without
which a signature ends with its certificate.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from build import start

TOOL = "osslsigncode"
NAME = "Unsloth Setup"
LIMIT = 120.0  # a time-stamp server that does not answer
_SIGNATURE = 4  # the place of the certificate table among a PE file's data directories


@dataclass(frozen=True)
class Signer:
    """Whose signature: the PKCS #12 file, its password, the time-stamp server or nothing."""

    pfx: Path
    password: str
    timestamp: str = ""


def signer() -> Signer | None:
    """What the environment names, or ``None``. Raises ``CannotStart`` when no file is there."""
    named = os.environ.get("UNSLOTH_SIGN_PFX")
    if not named:
        return None
    if not Path(named).is_file():
        raise start.CannotStart(
            f"UNSLOTH_SIGN_PFX names {named}, where there is no file; a PKCS #12 file was expected."
        )
    return Signer(
        Path(named).resolve(),
        os.environ.get("UNSLOTH_SIGN_PASSWORD", ""),
        os.environ.get("UNSLOTH_SIGN_TIMESTAMP", ""),
    )


def is_signed(path: Path) -> bool | None:
    """Whether a Windows program or library carries a signature; ``None`` for any other file."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:2] != b"MZ" or len(head) < 0x40:
        return None
    at = struct.unpack_from("<I", head, 0x3C)[0]
    if head[at : at + 4] != b"PE\0\0":
        return None
    optional = at + 24
    wide = struct.unpack_from("<H", head, optional)[0] == 0x20B  # PE32+
    directory = optional + (112 if wide else 96) + 8 * _SIGNATURE
    return bool(struct.unpack_from("<I", head, directory + 4)[0])


def ensure_tool() -> None:
    """osslsigncode, installed on Debian when it is missing."""
    if shutil.which(TOOL) is None:
        start.install_debian([TOOL], "signing")


def _sign_arguments(who: Signer, password_file: str) -> list[str]:
    words = [TOOL, "sign", "-pkcs12", str(who.pfx), "-readpass", password_file, "-h", "sha256"]
    words += ["-n", NAME]
    return [*words, "-ts", who.timestamp] if who.timestamp else words


def sign(program: Path, who: Signer) -> None:
    """Sign one program in place with SHA-256. Raises ``CannotStart`` with what osslsigncode said."""
    ensure_tool()
    signed = program.with_name(program.name + ".signed")
    try:
        done = subprocess.run(
            [*_sign_arguments(who, "-"), "-in", str(program), "-out", str(signed)],
            input=who.password + "\n",
            text=True,
            capture_output=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        signed.unlink(missing_ok=True)
        raise start.CannotStart(f"{program.name} was not signed: no answer in {LIMIT:.0f} s.")
    if done.returncode:
        signed.unlink(missing_ok=True)
        raise start.CannotStart(
            f"{program.name} was not signed: {(done.stderr or done.stdout).strip()}"
        )
    shutil.copymode(program, signed)
    signed.replace(program)


def sign_inside(folder: Path, who: Signer) -> int:
    """Sign every program and library below ``folder`` that nobody has signed, the programs beside
    its edge last; returns how many. Raises ``CannotStart``.
    """
    unsigned = [p for p in sorted(folder.rglob("*")) if p.is_file() and is_signed(p) is False]
    for path in sorted(unsigned, key=lambda p: p.parent == folder):
        sign(path, who)
    return len(unsigned)


@contextmanager
def script(who: Signer | None) -> Iterator[Path | None]:
    """A shell script that signs the file it is given, for makensis to call; ``None`` without a
    signer. It and the password lie in a folder of their own, which goes at the end.
    """
    if who is None:
        yield None
        return
    with TemporaryDirectory(prefix="unsloth-sign-") as place:
        password = Path(place) / "password"
        password.touch(mode=0o600)
        password.write_text(who.password + "\n", "utf-8")
        quoted = " ".join(
            "'" + word.replace("'", "'\\''") + "'" for word in _sign_arguments(who, str(password))
        )
        path = Path(place) / "sign.sh"
        path.write_text(
            f'set -e\n{quoted} -in "$1" -out "$1.signed" >&2\nmv "$1.signed" "$1"\n', "utf-8"
        )
        yield path


def verify(program: Path, authority: Path, stamped_by: Path | None = None) -> bool:
    """Whether a program carries a signature that fits its bytes and leads to this authority's
    certificate; with ``stamped_by`` also a time stamp that leads to that one's.
    """
    ensure_tool()
    words = [TOOL, "verify", "-CAfile", str(authority), "-in", str(program)]
    if stamped_by is not None:
        words += ["-TSA-CAfile", str(stamped_by)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=LIMIT)
    stamped = "Timestamp Server Signature verification: ok" in done.stdout or stamped_by is None
    return done.returncode == 0 and "Succeeded" in done.stdout and stamped
