"""NVML through a real DLL: the loader, the calling convention and the structures.

The library only pretends to be the driver's.

The lab builds ``nvml.c`` into ``C:\\lab\\nvml.dll``. Each case runs in a process of its own with a
system folder of its own, since pynvml loads the library once from ``System32``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from app.ports import Cards

pytestmark = [pytest.mark.windows]
BUILT = Path("C:/lab/nvml.dll")
ASK = """
import os, sys, threading, msgspec
sys.path[0] = os.getcwd()  # with -c it is empty, and the child is told no empty one
from app.adapters.nvml import SystemNvml
from app.adapters.processes.local_processes import LocalProcesses
door = SystemNvml(LocalProcesses(threading.Event()))
sys.stdout.buffer.write(msgspec.json.encode(door.cards()))
"""


def cards(state: str, root: Path, library: bool = True) -> Cards:
    """What the adapter says when Windows lies below ``root``: pynvml asks ``%WINDIR%\\System32``."""
    system = root / "System32"
    system.mkdir()
    if library:
        shutil.copy(BUILT, system / "nvml.dll")
    env = {**os.environ, "FAKE_NVML": state, "WINDIR": str(root), "ProgramFiles": str(root)}
    seen = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, env=env, check=False, timeout=60
    )
    assert seen.returncode == 0, seen.stderr.decode("utf-8", "replace")
    return msgspec.json.decode(seen.stdout, type=Cards)


@pytest.fixture(autouse=True)
def _built() -> None:
    if not BUILT.is_file():
        pytest.skip(
            "the pretended nvml.dll is built by the lab; this Windows has no C:\\lab\\nvml.dll"
        )


def test_a_card_is_read_through_the_library(tmp_path: Path) -> None:
    seen = cards("good", tmp_path)
    assert seen.driver.nvml == "ok"
    assert (seen.driver.version, seen.driver.cuda_version, seen.driver.model) == (
        "566.36",
        "12.7",
        "WDDM",
    )
    [card] = seen.gpus
    assert (card.name, card.pci_id, card.compute_capability) == (
        "NVIDIA GeForce RTX 3090",
        "10de:2204",
        "8.6",
    )
    assert (card.memory_total, card.memory_used, card.power_limit_w) == (
        25769803776,
        1200000000,
        350.0,
    )
    assert (card.pcie_gen, card.pcie_width, card.display, card.processes) == (4, 16, True, 0)


def test_an_old_driver_still_tells_its_model(tmp_path: Path) -> None:
    assert cards("old", tmp_path).driver.model == "WDDM"


def test_no_device_is_said(tmp_path: Path) -> None:
    seen = cards("none", tmp_path)
    assert seen.gpus == ()
    assert seen.driver.nvml == "ok"
    assert "no card" in seen.note


@pytest.mark.parametrize(
    ("state", "nvml", "word"),
    [("mismatch", "mismatch", "restart"), ("unloaded", "error", "not loaded")],
)
def test_a_driver_that_refuses_is_named(tmp_path: Path, state: str, nvml: str, word: str) -> None:
    seen = cards(state, tmp_path)
    assert seen.driver.nvml == nvml
    assert word in seen.note


def test_without_a_library_there_is_no_driver(tmp_path: Path) -> None:
    seen = cards("good", tmp_path, library=False)
    assert seen.driver.nvml == "missing"
