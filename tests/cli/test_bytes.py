"""Variables and names whose bytes are no text, which Linux allows.

No command ends in a fault, no secret is told.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.adapters.local_system import open_system
from app.decide.redaction.masking import SecretMasker, known_secrets
from app.engine.crash import crash_home, write_crash
from app.model.sources import Sources

ROOT = Path(__file__).resolve().parents[2]
RAW = b"hf_\xff\xfeabcdefgh"
TOKEN = RAW.decode("utf-8", "surrogateescape")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="variables are text on Windows")


@pytest.mark.fault("odd bytes")
@pytest.mark.parametrize("command", ["detect", "plan", "report", "uninstall", "profiles"])
def test_no_command_stumbles_over_bytes_that_are_no_text(tmp_path: Path, command: str) -> None:
    own: Any = {name.encode(): os.fsencode(value) for name, value in os.environ.items()}
    own |= {b"USER": b"J\xfcrgen", b"LOGNAME": b"J\xfcrgen", b"HF_TOKEN": RAW, b"HF_HOME": b"/\xff"}
    own |= {b"PIP_INDEX_URL": b"https://a:\xff\xfe12345@index.invalid/simple", b"NO_PROXY": b"*"}
    line = [sys.executable, "-m", "app", command]
    line += ["--home", str(tmp_path / "home")] if command != "profiles" else []
    line += ["--output", str(tmp_path / "r.zip")] if command == "report" else []
    done = subprocess.run(line, cwd=ROOT, env=own, capture_output=True, check=False, timeout=300)
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode in (0, 3), output[-3000:]
    assert "Traceback" not in output
    assert "abcdefgh" not in output
    assert not list((tmp_path / "home").rglob("crash-*"))


def test_a_secret_of_odd_bytes_is_blotted_out_in_every_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masker = SecretMasker(known_secrets(Sources(), {"HF_TOKEN": TOKEN}))
    assert masker.data(b"token " + RAW + b" end") == b"token *** end"
    assert masker.text(f"token {TOKEN} {RAW.decode('utf-8', 'replace')}") == "token *** ***"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    system = open_system()
    path = write_crash(
        system.files,
        system.clock,
        crash_home(system, str(tmp_path / "home")),
        ValueError(f"odd {TOKEN}"),
        ["plan", f"--index=https://a:{TOKEN}@host/"],
        system.computer.variables(),
    )
    assert "abcdefgh" not in Path(path).read_text()
    assert "ValueError" in Path(path).read_text()
