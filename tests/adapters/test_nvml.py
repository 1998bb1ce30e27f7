"""NVML's answers and refusals, with the module's own functions replaced one by one (no card here)."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from app.adapters.nvml import SystemNvml, read_cards
from app.adapters.processes.local_processes import LocalProcesses
from app.model import limits
from app.model.machine import Driver, Gpu


def _refuse(code: int) -> Any:
    def question(*_: Any) -> Any:
        raise pynvml.NVMLError(code)

    return question


def _answers(monkeypatch: pytest.MonkeyPatch, count: int = 1, **more: Any) -> None:
    answers: dict[str, Any] = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: count,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda _: "NVIDIA GeForce RTX 3090",
        "nvmlDeviceGetMemoryInfo": lambda _: SimpleNamespace(
            total=25769803776, used=1200000000, free=1
        ),
        "nvmlDeviceGetCudaComputeCapability": lambda _: (8, 6),
        "nvmlDeviceGetEnforcedPowerLimit": lambda _: 350000,
        "nvmlDeviceGetPciInfo": lambda _: SimpleNamespace(pciDeviceId=0x220410DE),
        "nvmlDeviceGetDisplayActive": lambda _: 1,
        "nvmlDeviceGetComputeRunningProcesses": lambda _: [1, 2],
        "nvmlDeviceGetMaxPcieLinkGeneration": lambda _: 4,
        "nvmlDeviceGetMaxPcieLinkWidth": lambda _: 16,
        "nvmlDeviceGetTemperature": lambda index, sensor: 61 + index + sensor,
        "nvmlDeviceGetUUID": lambda index: f"GPU-{index}",
        "nvmlDeviceGetDriverModel": lambda _: [0, 0],
        "nvmlSystemGetDriverVersion": lambda: "566.36",
        "nvmlSystemGetCudaDriverVersion_v2": lambda: 12070,
        **more,
    }
    for name, question in answers.items():
        monkeypatch.setattr(pynvml, name, question)


def test_a_card_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch)
    seen = read_cards()
    assert seen.gpus == (
        Gpu(
            index=0,
            vendor="nvidia",
            name="NVIDIA GeForce RTX 3090",
            pci_id="10de:2204",
            compute_capability="8.6",
            memory_total=25769803776,
            memory_used=1200000000,
            power_limit_w=350.0,
            pcie_gen=4,
            pcie_width=16,
            display=True,
            processes=2,
        ),
    )
    assert seen.driver == Driver(version="566.36", cuda_version="12.7", nvml="ok", model="WDDM")
    assert seen.note == "" and seen.temperatures == {0: 61}


def test_every_field_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        name
        for name in dir(pynvml)
        if name.startswith("nvmlDeviceGet")
        and name not in ("nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex")
    ]
    _answers(
        monkeypatch,
        **{name: _refuse(3) for name in names},
        nvmlSystemGetCudaDriverVersion_v2=_refuse(13),
    )
    seen = read_cards()
    assert seen.gpus == (Gpu(index=0, vendor="nvidia"),) and seen.temperatures == {}
    assert seen.driver == Driver(version="566.36", nvml="ok")


def test_hardware_numbers_are_read_only_to_tell_cards_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _answers(monkeypatch, count=2)
    assert [card.uuid for card in read_cards().gpus] == ["GPU-0", "GPU-1"]
    _answers(monkeypatch, count=1)
    assert read_cards().gpus[0].uuid is None


@pytest.mark.parametrize(
    ("code", "state", "word"),
    [
        (12, "missing", "no NVIDIA driver is installed"),
        (18, "mismatch", "restart is needed"),
        (9, "error", "not loaded"),
        (999, "error", "answered"),
    ],
)
def test_refusals_name_the_state_and_the_reason(
    monkeypatch: pytest.MonkeyPatch, code: int, state: str, word: str
) -> None:
    _answers(monkeypatch, nvmlInit=_refuse(code))
    seen = read_cards()
    assert (seen.gpus, seen.driver) == ((), Driver(nvml=state))  # type: ignore[arg-type]
    if sys.platform != "win32" or not word.startswith("signal"):  # Windows has no signals
        assert word in seen.note


def test_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, count=0)
    seen = read_cards()
    assert (seen.gpus, seen.driver.nvml, seen.note) == (
        (),
        "ok",
        "NVIDIA's management library lists no card",
    )


def test_a_card_that_fell_off_the_bus_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(index: int) -> int:
        if index == 0:
            raise pynvml.NVMLError(15)
        return index

    _answers(monkeypatch, count=2, nvmlDeviceGetHandleByIndex=handle)
    assert [card.index for card in read_cards().gpus] == [1]


def test_an_odd_answer_of_one_card_costs_its_facts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(
        monkeypatch,
        count=2,
        nvmlDeviceGetCudaComputeCapability=lambda index: (8, 6) if index else (8,),
    )
    seen = read_cards()
    assert [card.compute_capability for card in seen.gpus] == [None, "8.6"]


_FAKE = """
import os, sys, time
class NVMLError(Exception):
    pass
def nvmlInit():
    {way}
"""


@pytest.mark.fault("native library")
@pytest.mark.parametrize(
    ("way", "word"),
    [
        # Windows' C library ends an aborted program with 3.
        ("os.abort()", "exit code 3" if sys.platform == "win32" else "signal 6"),
        # (ctypes turns an access violation into an OSError on Windows: the child lives on.)
        ("os.kill(os.getpid(), 11)", "exit code 11" if sys.platform == "win32" else "signal 11"),
        ("os._exit(0)", "exit code 0"),
        ("sys.exit(3)", "exit code 3"),
        ("raise ValueError('odd')", "exit code 1"),
        ("os.write(1, b'end of the answer\\n'); os._exit(0)", "exit code 0"),
        ("time.sleep(300)", "did not answer within"),
        ("while True: os.write(1, b'x' * 65536)", "printed more than"),
    ],
)
def test_a_library_that_ends_its_process_is_a_note_and_no_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, word: str
) -> None:
    monkeypatch.setattr(limits, "NATIVE_LIBRARY", 60 if "sleep" not in way else 1)
    (tmp_path / "pynvml.py").write_text(_FAKE.format(way=way))
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = SystemNvml(LocalProcesses(threading.Event())).cards()
    assert (seen.gpus, seen.driver) == ((), Driver(nvml="crashed"))
    assert "gave no answer" in seen.note
    assert word in seen.note


def test_what_a_driver_prints_itself_does_not_disturb_the_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pynvml.py").write_text(
        _FAKE.format(way="os.write(1, b'NVRM: hello'); os.write(2, b'\\xff')")
        + "def nvmlShutdown():\n    os.write(1, b'bye')\n"
        "def nvmlDeviceGetCount():\n    return 0\n"
        "def nvmlSystemGetDriverVersion():\n    return '566.36'\n"
        "def nvmlSystemGetCudaDriverVersion_v2():\n    return 12070\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = SystemNvml(LocalProcesses(threading.Event())).cards()
    assert (seen.driver.nvml, seen.driver.version) == ("ok", "566.36")


def test_the_packed_program_answers_for_the_library(capfd: pytest.CaptureFixture[str]) -> None:
    from app.__main__ import main

    assert main(["--ask-nvml"]) == 0
    assert capfd.readouterr().out.rstrip().endswith("end of the answer")
