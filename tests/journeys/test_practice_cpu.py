"""The main job for real.

The practice profile from the package index, installed, trained with, reported, mended.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.posix,
    pytest.mark.skipif(sys.platform == "win32", reason="the Windows journey is in tests/windows"),
]


def app(
    *arguments: str, limit: float = 900, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
        env={**os.environ, **(env or {})},
    )


def last(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("journey") / "Jürgens Ordner"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def took() -> dict[str, float]:
    """Seconds of the first install, for a comparison in the same run."""
    return {}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this user's menu entries and Jupyter kernels go."""
    return tmp_path_factory.mktemp("data")


def test_1_install_from_nothing_to_a_proven_environment(home: Path, took: dict[str, float]) -> None:
    began = time.monotonic()
    done = app("install", "--yes", "--json", "--home", str(home), "--profile", "practice-cpu")
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"started", "line", "progress", "measured", "finished"} <= {
        line["what"] for line in lines[:-1]
    }
    result = lines[-1]
    assert (result["schema"], result["outcome"]) == ("result/1", "finished")
    took["first"] = time.monotonic() - began
    verdict = result["verdict"]
    assert verdict["overall"] == "works"
    assert not [line for line in lines[:-1] if line["what"] == "failed"]
    tuned = verdict["fine_tune"]
    assert tuned["reloaded_equal"] is True
    assert tuned["loss_last"] < tuned["loss_first"] - 0.5
    assert tuned["trainer"].startswith("unsloth")
    came = {c["check"]: c["result"] for c in verdict["comparisons"]}
    assert came["unsloth.import"] == came["unsloth.fast_language_model"] == "same"
    found = [str(line.get("text")) for line in lines[:-1] if line["what"] == "line"]
    assert any("import unsloth:" in text and "byte code of" in text for text in found)
    assert json.loads((home / "active.json").read_text())["active"].startswith("practice-cpu-")


def test_1_what_packages_declare_and_nobody_installs_is_exactly_what_the_profile_says(
    home: Path,
) -> None:
    """uv's own comparison names the same packages; verification gives the profile's reason for each."""
    profile = tomllib.loads((ROOT / "resources/profiles/practice-cpu/profile.toml").read_text())
    left_out = {
        one["name"]: one["why"]
        for one in profile["without"]
        if one.get("platform", "linux") == "linux"
    }
    python = home / "envs" / json.loads((home / "active.json").read_text())["active"] / "bin/python"
    check = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "check", "--no-config", "--python", str(python)],
        capture_output=True,
        text=True,
        check=False,
    )
    missing = set(re.findall(r"requires `([\w.-]+)[^`]*`, but it's not installed", check.stderr))
    assert missing == set(left_out)
    assert f"Found {check.stderr.count('requires `')} incompatibilities" in check.stderr
    verified = app("verify", "--quick", "--json", "--home", str(home))
    remarks = {r["title"]: r["detail"] for r in last(verified)["verdict"]["remarks"]}
    assert remarks == {f"{name} is left out on purpose": why for name, why in left_out.items()}


def test_2_a_second_call_says_that_all_is_in_place(home: Path, took: dict[str, float]) -> None:
    began = time.monotonic()
    done = app("install", "--yes", "--home", str(home), "--profile", "practice-cpu")
    assert done.returncode == 0
    assert "All is in place" in done.stderr
    assert (
        time.monotonic() - began < took["first"] / 3
    )  # minutes became seconds: nothing was fetched, installed or trained


def active(home: Path) -> Path:
    """The folder of the environment in use."""
    return home / "envs" / str(json.loads((home / "active.json").read_text())["active"])


def test_3_a_changed_package_is_named_and_put_back(home: Path) -> None:
    broken = active(home)
    record = next(broken.glob("lib/python*/site-packages/peft-*.dist-info"))
    shutil.rmtree(record)
    quick = app("verify", "--quick", "--json", "--home", str(home))
    assert "peft" in quick.stderr and "missing" in quick.stderr
    assert quick.returncode == 5
    again = app("install", "--yes", "--json", "--home", str(home), "--profile", "practice-cpu")
    assert again.returncode == 0, again.stderr[-2000:]
    assert last(again)["verdict"]["overall"] == "works"
    # The broken one is replaced by a proven one beside it, and is not written to.
    assert active(home) != broken
    assert next(active(home).glob("lib/python*/site-packages/peft-*.dist-info"))
    assert not list(broken.glob("lib/python*/site-packages/peft-*.dist-info"))


def test_4_the_report_holds_everything_but_the_person(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.zip"
    secret = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNm12345678"
    done = app(
        "report",
        "--home",
        str(home),
        "--output",
        str(target),
        "--json",
        env={"HF_TOKEN": secret, "USER": "kim.mustermann"},
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as archive:
        names = set(archive.namelist())
        assert {"report.html", "report.json", "machine.json", "verification.json"} <= names
        for name in names:
            data = archive.read(name)
            assert secret.encode() not in data, name
            assert b"mustermann" not in data, name
            assert Path.home() == Path("/root") or str(Path.home()).encode() + b"/" not in data, (
                name
            )  # root is nobody's name
    replayed = app("plan", "--machine", str(target), "--json")
    assert json.loads(replayed.stdout)["profile"] == "practice-cpu"


@contextmanager
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address of this computer in the Hub's place, and what was asked of it."""
    asked: list[bytes] = []

    class Nothing(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            asked.append(self.rfile.readline())
            self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_5_the_starter_script_trains_with_no_compiler_and_asks_nobody(
    home: Path, tmp_path: Path
) -> None:
    """Nothing on the path, and no switch that keeps the Hub out: it is not asked all the same."""
    script = tmp_path / "train.py"
    script.write_text(app("script", "--train", "--home", str(home)).stdout)
    assert "FastLanguageModel.from_pretrained" in script.read_text()
    environment = home / "envs" / json.loads((home / "active.json").read_text())["active"]
    python = str(environment / "bin" / "python")
    small = tmp_path / "small"
    make = (
        "import sys; sys.path.insert(0, sys.argv[1]); import small_model; "
        "small_model.make(sys.argv[2], 'processor')"
    )
    made = subprocess.run(
        [python, "-c", make, str(ROOT / "resources" / "checks"), str(small)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    (tmp_path / "empty").mkdir()
    bare = {"PATH": str(tmp_path / "empty"), "HOME": str(tmp_path / "person")}
    with listener() as (address, asked):
        done = subprocess.run(
            [python, str(script), "--model", str(small), "--max-steps", "2"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**bare, "HF_ENDPOINT": address},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert asked == []
        asks = "import huggingface_hub as h; h.HfApi().whoami('hf_x')"
        subprocess.run(
            [python, "-c", asks],
            env={**bare, "HF_ENDPOINT": address},
            capture_output=True,
            check=False,
        )
        assert asked, "what asks the Hub is seen here"
    assert (tmp_path / "outputs" / "adapter" / "adapter_model.safetensors").is_file()
    check = subprocess.run(
        [python, "-I", str(home / "checks" / "fine_tune.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=bare,
    )
    assert check.returncode == 0, check.stdout[-2000:]


def test_6_a_kernel_and_a_menu_entry_leave_the_environment_as_it_is(home: Path, kept: Path) -> None:
    environment = home / "envs" / json.loads((home / "active.json").read_text())["active"]

    def tree() -> dict[str, int]:
        return {
            str(p.relative_to(environment)): p.stat().st_size
            for p in environment.rglob("*")
            if p.is_file() and "__pycache__" not in p.parts
        }

    before = tree()
    made = app(
        "install",
        "--yes",
        "--home",
        str(home),
        "--profile",
        "practice-cpu",
        "--kernel",
        "--menu-entry",
        env={"XDG_DATA_HOME": str(kept)},
    )
    assert made.returncode == 0, made.stderr[-3000:]
    assert f"the kernel answered: 42 {environment}" in made.stderr
    assert tree() == before
    spec = json.loads(
        (kept / "jupyter" / "kernels" / f"unsloth-{environment.name}" / "kernel.json").read_text(
            "utf-8"
        )
    )
    assert spec["argv"][0] == str(environment / "bin" / "python")
    entry = (kept / "applications" / f"unsloth-setup-{environment.name}.desktop").read_text("utf-8")
    assert str(environment / "bin" / "activate") in entry
    again = app(
        "install",
        "--yes",
        "--home",
        str(home),
        "--profile",
        "practice-cpu",
        "--kernel",
        "--menu-entry",
        env={"XDG_DATA_HOME": str(kept)},
    )
    assert again.returncode == 0 and "the kernel answered" not in again.stderr, (
        "it was there, so it was not made again"
    )


def test_7_going_back_to_what_was_broken_is_asked_and_uninstall_lists_all(
    home: Path, kept: Path
) -> None:
    back = app("rollback", "--home", str(home))
    assert "it does not work" in back.stderr
    assert back.returncode == 6  # nobody answered
    items = json.loads(app("uninstall", "--json", "--home", str(home)).stdout)
    assert sum(item["size"] for item in items) > 1e9
    everything = app("uninstall", "--remove", "all", "--yes", "--home", str(home))
    assert everything.returncode == 0
    assert not (home / "envs").exists() or not any((home / "envs").iterdir())
    assert not [p for p in kept.rglob("*") if "unsloth" in p.name], (
        "something still starts what is gone"
    )
