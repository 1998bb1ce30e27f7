"""Authenticode: a program is signed and time-stamped, and a changed byte is noticed.

With a certificate made for this test.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from build import start
from build.packing import sign
from build.packing.sign import Signer
from tests.build.signing import PASSWORD, make_authority, time_stamps

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


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Signer, Path]:
    """Who signs in this test, and the public half of the certificate."""
    pfx, public = make_authority(tmp_path)
    return Signer(pfx, PASSWORD), public


def launcher(target: Path) -> Path:
    """The smallest real Windows program at hand: the launcher that pip carries for console
    scripts.
    """
    import pip

    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(pip.__file__).parent / "_vendor" / "distlib" / "w64.exe", target)
    return target


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that nobody has signed."""
    return launcher(tmp_path / "program.exe")


def test_a_signed_program_is_verified(program: Path, authority: tuple[Signer, Path]) -> None:
    signer, public = authority
    assert not sign.verify(program, public), "verified without a signature"
    assert sign.is_signed(program) is False
    before = program.stat()
    sign.sign(program, signer)
    assert program.stat().st_size > before.st_size
    assert program.stat().st_mode == before.st_mode
    assert sign.is_signed(program) is True
    assert sign.verify(program, public)


def test_a_time_stamp_is_asked_for_and_verified(
    program: Path, authority: tuple[Signer, Path], tmp_path: Path
) -> None:
    signer, public = authority
    with time_stamps(tmp_path) as (address, stamped_by, asked):
        sign.sign(program, Signer(signer.pfx, signer.password, address))
    assert len(asked) == 1
    assert sign.verify(program, public, stamped_by)
    assert not sign.verify(program, public, public), "any certificate would do for the time stamp"


def test_a_signature_without_a_time_stamp_has_none(
    program: Path, authority: tuple[Signer, Path]
) -> None:
    signer, public = authority
    sign.sign(program, signer)
    assert not sign.verify(program, public, public)


def test_a_time_stamp_server_that_is_not_there_leaves_the_program_as_it_was(
    program: Path, authority: tuple[Signer, Path]
) -> None:
    signer, _ = authority
    before = program.read_bytes()
    with pytest.raises(start.CannotStart, match=r"program\.exe was not signed"):
        sign.sign(program, Signer(signer.pfx, signer.password, "http://127.0.0.1:1"))
    assert program.read_bytes() == before


def test_everything_unsigned_below_a_folder_is_signed_and_nothing_else(
    tmp_path: Path, authority: tuple[Signer, Path]
) -> None:
    signer, public = authority
    folder = tmp_path / "folder"
    ours = [launcher(folder / n) for n in ("a.exe", "_internal/b.pyd", "_internal/deep/c.dll")]
    theirs = launcher(folder / "_internal" / "theirs.dll")
    sign.sign(theirs, signer)
    before = theirs.read_bytes()
    (folder / "_internal" / "text.dll").write_text("no library at all", "ascii")
    assert sign.sign_inside(folder, signer) == 3
    assert all(sign.verify(path, public) for path in ours)
    assert theirs.read_bytes() == before
    assert (folder / "_internal" / "text.dll").read_text("ascii") == "no library at all"
    assert sign.sign_inside(folder, signer) == 0


def test_the_script_for_makensis_signs_and_leaves_no_password_behind(
    program: Path, authority: tuple[Signer, Path]
) -> None:
    signer, public = authority
    with sign.script(signer) as path:
        assert path is not None
        assert PASSWORD not in path.read_text("utf-8")
        subprocess.run(["sh", str(path), str(program)], check=True)
        place = path.parent
    assert sign.verify(program, public)
    assert not place.exists()


def test_a_changed_byte_is_noticed(program: Path, authority: tuple[Signer, Path]) -> None:
    signer, public = authority
    sign.sign(program, signer)
    data = bytearray(program.read_bytes())
    data[len(data) // 3] ^= 0xFF
    program.write_bytes(data)
    assert not sign.verify(program, public)


def test_a_wrong_password_leaves_the_program_as_it_was(
    program: Path, authority: tuple[Signer, Path]
) -> None:
    before = program.read_bytes()
    with pytest.raises(start.CannotStart, match=r"program\.exe was not signed"):
        sign.sign(program, Signer(authority[0].pfx, "wrong"))
    assert program.read_bytes() == before
    assert sorted(p.name for p in program.parent.glob("program*")) == ["program.exe"]


def test_a_certificate_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNSLOTH_SIGN_PFX", str(tmp_path / "none.pfx"))
    with pytest.raises(start.CannotStart, match=r"none\.pfx"):
        sign.signer()
    monkeypatch.delenv("UNSLOTH_SIGN_PFX")
    assert sign.signer() is None
