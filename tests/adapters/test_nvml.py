"""NVML's answers and refusals, with the module's own functions replaced one by one (no card here)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from app.adapters.nvml import SystemNvml
from app.model.machine import Driver, Gpu


def _refuse(code: int) -> Any:
    def question(*_: Any) -> Any:
        raise pynvml.NVMLError(code)

    return question


def _answers(monkeypatch: pytest.MonkeyPatch, count: int = 1, **more: Any) -> None:
    said: dict[str, Any] = {
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
        "nvmlDeviceGetUUID": lambda index: f"GPU-{index}",
        "nvmlDeviceGetDriverModel": lambda _: [0, 0],
        "nvmlSystemGetDriverVersion": lambda: "566.36",
        "nvmlSystemGetCudaDriverVersion_v2": lambda: 12070,
        **more,
    }
    for name, question in said.items():
        monkeypatch.setattr(pynvml, name, question)


def test_a_card_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch)
    seen = SystemNvml().cards()
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
    assert seen.note == ""


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
    seen = SystemNvml().cards()
    assert seen.gpus == (Gpu(index=0, vendor="nvidia"),)
    assert seen.driver == Driver(version="566.36", nvml="ok")


def test_hardware_numbers_are_read_only_to_tell_cards_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _answers(monkeypatch, count=2)
    assert [card.uuid for card in SystemNvml().cards().gpus] == ["GPU-0", "GPU-1"]
    _answers(monkeypatch, count=1)
    assert SystemNvml().cards().gpus[0].uuid is None


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
    seen = SystemNvml().cards()
    assert (seen.gpus, seen.driver) == ((), Driver(nvml=state))  # type: ignore[arg-type]
    assert word in seen.note


def test_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, count=0)
    seen = SystemNvml().cards()
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
    assert [card.index for card in SystemNvml().cards().gpus] == [1]
