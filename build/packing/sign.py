"""Authenticode signatures, made and checked with osslsigncode.

The certificate is a PKCS #12 file that ``UNSLOTH_SIGN_PFX`` names; its password is in
``UNSLOTH_SIGN_PASSWORD``; ``UNSLOTH_SIGN_TIMESTAMP`` may name a time-stamp server, without which a
signature ends with its certificate.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from build import start

TOOL = "osslsigncode"


def certificate() -> Path | None:
    """The certificate file that the environment names. Raises ``CannotStart`` when there is none at
    that path.
    """
    named = os.environ.get("UNSLOTH_SIGN_PFX")
    if not named:
        return None
    if not Path(named).is_file():
        raise start.CannotStart(
            f"UNSLOTH_SIGN_PFX names {named}, where there is no file; a PKCS #12 file was expected."
        )
    return Path(named)


def ensure_tool() -> None:
    """osslsigncode, installed on Debian when it is missing."""
    if shutil.which(TOOL) is None:
        start.install_debian([TOOL], "signing")


def sign(program: Path, pfx: Path, password: str, timestamp: str = "") -> None:
    """Sign one program in place with SHA-256. Raises ``CannotStart`` with what osslsigncode said."""
    ensure_tool()
    signed = program.with_suffix(".signed")
    words = [
        TOOL,
        "sign",
        "-pkcs12",
        str(pfx),
        "-readpass",
        "-",
        "-h",
        "sha256",
        "-n",
        "Unsloth Setup",
    ]
    if timestamp:
        words += ["-ts", timestamp]
    done = subprocess.run(
        [*words, "-in", str(program), "-out", str(signed)],
        input=password + "\n",
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        signed.unlink(missing_ok=True)
        raise start.CannotStart(
            f"{program.name} was not signed: {(done.stderr or done.stdout).strip()}"
        )
    signed.replace(program)


def verify(program: Path, authority: Path) -> bool:
    """Whether a program carries a signature that fits its bytes and leads to this authority's
    certificate.
    """
    ensure_tool()
    done = subprocess.run(
        [TOOL, "verify", "-CAfile", str(authority), "-in", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0 and "Succeeded" in done.stdout
