"""Authenticode: a program is signed with a certificate made for this test, and a changed byte is
noticed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from build import start
from build.packing import sign

pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(
        shutil.which(sign.TOOL) is None and not start.is_debian_root(),
        reason="osslsigncode is not installed, and this is not root on Debian",
    ),
    pytest.mark.skipif(
        shutil.which("openssl") is None, reason="openssl makes the test's certificate"
    ),
]
PASSWORD = "only for this test"


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """A self-made certificate for code signing: its PKCS #12 file and its public half."""
    key, public, pfx = tmp_path / "key.pem", tmp_path / "public.pem", tmp_path / "test.pfx"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=Unsloth Setup test certificate",
            "-addext",
            "extendedKeyUsage=codeSigning",
            "-addext",
            "keyUsage=digitalSignature",
            "-keyout",
            str(key),
            "-out",
            str(public),
        ],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [
            "openssl",
            "pkcs12",
            "-export",
            "-inkey",
            str(key),
            "-in",
            str(public),
            "-out",
            str(pfx),
            "-passout",
            f"pass:{PASSWORD}",
        ],
        check=True,
        capture_output=True,
    )
    return pfx, public


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The smallest real Windows program at hand: the launcher that pip carries for console scripts."""
    import pip

    source = Path(pip.__file__).parent / "_vendor" / "distlib" / "w64.exe"
    copied = tmp_path / "program.exe"
    shutil.copy(source, copied)
    return copied


def test_a_signed_program_is_verified(program: Path, authority: tuple[Path, Path]) -> None:
    pfx, public = authority
    sign.ensure_tool()
    assert not sign.verify(program, public), "verified without a signature"
    before = program.stat().st_size
    sign.sign(program, pfx, PASSWORD)
    assert program.stat().st_size > before
    assert sign.verify(program, public)


def test_a_changed_byte_is_noticed(program: Path, authority: tuple[Path, Path]) -> None:
    pfx, public = authority
    sign.sign(program, pfx, PASSWORD)
    data = bytearray(program.read_bytes())
    data[len(data) // 3] ^= 0xFF
    program.write_bytes(data)
    assert not sign.verify(program, public)


def test_a_wrong_password_leaves_the_program_as_it_was(
    program: Path, authority: tuple[Path, Path]
) -> None:
    before = program.read_bytes()
    with pytest.raises(start.CannotStart, match=r"program\.exe was not signed"):
        sign.sign(program, authority[0], "wrong")
    assert program.read_bytes() == before
    assert sorted(p.name for p in program.parent.glob("program*")) == ["program.exe"]


def test_a_certificate_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNSLOTH_SIGN_PFX", str(tmp_path / "none.pfx"))
    with pytest.raises(start.CannotStart, match=r"none\.pfx"):
        sign.certificate()
    monkeypatch.delenv("UNSLOTH_SIGN_PFX")
    assert sign.certificate() is None
