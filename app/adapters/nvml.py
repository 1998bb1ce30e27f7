"""The driver's management library (NVML), asked in a child process of its own.

Through ``pynvml``, package nvidia-ml-py.

What ``nvidia-smi --query-gpu=name,pci.device_id,compute_cap,memory.total,memory.used,power.limit
--format=csv`` shows.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from app.model import limits
from app.model.child_exit import describe_exit
from app.model.encoding import encode
from app.model.machine import Driver, Gpu, NvmlState
from app.ports import Cards, Processes

# nvml.h, nvmlReturn_t
_DRIVER_NOT_LOADED = 9
_LIBRARY_NOT_FOUND = 12
_FUNCTION_NOT_FOUND = 13
_LIB_RM_VERSION_MISMATCH = 18
_EXPLANATIONS = {
    _DRIVER_NOT_LOADED: "NVIDIA's management library is there, but its driver is not loaded",
    _LIBRARY_NOT_FOUND: "NVIDIA's management library was not found: no NVIDIA driver is installed",
    _LIB_RM_VERSION_MISMATCH: "the loaded NVIDIA driver and its library have different versions: "
    "a restart is needed",
}
_OF_THE_CHIP = 0  # nvmlTemperatureSensors_t
_DRIVER_MODELS = {0: "WDDM", 1: "TCC", 2: "MCDM"}


_QUESTION = "--ask-nvml"  # what the packed program takes as its only argument for that
# A child takes this program's own search path and nothing of the folder it is started in.
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from app.adapters.nvml import answer; answer()"
_END = "end of the answer"


class SystemNvml:
    """This computer's NVML, asked in a child: a library that crashes, hangs or ends its process
    takes nothing else along.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def cards(self) -> Cards:
        """All cards and the driver; where the library says nothing, the state and the reason."""
        argv = (
            [sys.executable, _QUESTION]
            if getattr(sys, "frozen", False)
            else [sys.executable, "-I", "-c", _CODE, *(path for path in sys.path if path)]
        )
        completed = self._processes.capture(argv, limits.NATIVE_LIBRARY)
        for line in completed.out.split("\n"):  # a driver may print lines of its own
            if line.rstrip("\r").endswith(_END):
                try:
                    return msgspec.json.decode(line.rstrip("\r").removesuffix(_END), type=Cards)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    break
        why = (
            completed.err.strip()[-300:] or "it could not be asked"
            if completed.code is None
            else f"it ended the program that asked it ({describe_exit(completed.code)})"
        )
        return Cards(
            driver=Driver(nvml="crashed"),
            note=f"NVIDIA's management library gave no answer: {why}",
        )


def answer() -> None:
    """In the child: one line with what the library says, which only a whole answer ends."""
    if sys.platform == "win32":
        # no box of Windows that waits for a person where the library crashes (errhandlingapi.h)
        ctypes.windll.kernel32.SetErrorMode(0x8003)
    line = b"\n" + encode(read_cards()) + _END.encode() + b"\n"
    while line:
        line = line[os.write(1, line) :]


def read_cards() -> Cards:
    """What the library says, in this process. Every field is optional: old drivers and laptops
    refuse some questions.
    """
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _refusal_to_cards(int(error.value), str(error))
    except OSError as error:  # a library that is there but cannot be loaded
        return Cards(
            driver=Driver(nvml="error"),
            note=f"NVIDIA's management library could not be loaded: {error}",
        )
    try:
        return _read_cards(pynvml)
    except pynvml.NVMLError as error:
        return _refusal_to_cards(int(error.value), str(error))
    finally:
        _query_or_none(pynvml, pynvml.nvmlShutdown)


def _refusal_to_cards(code: int, text: str) -> Cards:
    states: dict[int, NvmlState] = {
        _LIBRARY_NOT_FOUND: "missing",
        _LIB_RM_VERSION_MISMATCH: "mismatch",
    }
    return Cards(
        driver=Driver(nvml=states.get(code, "error")),
        note=_EXPLANATIONS.get(code, f"NVIDIA's management library answered: {text}"),
    )


def _query_or_none(pynvml: Any, question: Callable[..., Any], *arguments: Any) -> Any:
    """One answer, or ``None`` where this card or driver has none."""
    try:
        return question(*arguments)
    except (pynvml.NVMLError, UnicodeDecodeError):
        return None


def _read_cards(pynvml: Any) -> Cards:
    count = pynvml.nvmlDeviceGetCount()
    gpus = []
    temperatures: dict[int, int] = {}
    model = None
    for index in range(count):
        handle = _query_or_none(pynvml, pynvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            continue
        degrees = _query_or_none(pynvml, pynvml.nvmlDeviceGetTemperature, handle, _OF_THE_CHIP)
        if isinstance(degrees, int):
            temperatures[index] = degrees
        # A serial number of hardware is asked for only where cards must be told apart.
        try:
            gpus.append(_read_card(pynvml, index, handle, with_uuid=count > 1))
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError):
            gpus.append(Gpu(index=index, vendor="nvidia"))  # an odd answer costs its card's facts
        # The second form of the question came with drivers of 2023; older ones answer the first.
        driver_model = _query_or_none(
            pynvml, pynvml.nvmlDeviceGetDriverModel, handle
        ) or _query_or_none(pynvml, pynvml.nvmlDeviceGetDriverModel_v1, handle)
        model = model or _DRIVER_MODELS.get(_first_value(driver_model))
    cuda = _query_or_none(pynvml, pynvml.nvmlSystemGetCudaDriverVersion_v2)
    driver = Driver(
        version=_decode_text(_query_or_none(pynvml, pynvml.nvmlSystemGetDriverVersion)),
        nvml="ok",
        model=model,
        cuda_version=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else None,
    )
    return Cards(
        gpus=tuple(gpus),
        driver=driver,
        note="" if gpus else "NVIDIA's management library lists no card",
        temperatures=temperatures,
    )


def _read_card(pynvml: Any, index: int, handle: Any, *, with_uuid: bool) -> Gpu:
    memory = _query_or_none(pynvml, pynvml.nvmlDeviceGetMemoryInfo, handle)
    capability = _query_or_none(pynvml, pynvml.nvmlDeviceGetCudaComputeCapability, handle)
    limit = _query_or_none(pynvml, pynvml.nvmlDeviceGetEnforcedPowerLimit, handle)
    pci = _query_or_none(pynvml, pynvml.nvmlDeviceGetPciInfo, handle)
    active = _query_or_none(pynvml, pynvml.nvmlDeviceGetDisplayActive, handle)
    running = _query_or_none(pynvml, pynvml.nvmlDeviceGetComputeRunningProcesses, handle)
    return Gpu(
        index=index,
        vendor="nvidia",
        name=_decode_text(_query_or_none(pynvml, pynvml.nvmlDeviceGetName, handle)),
        pci_id=_pci_id(pci.pciDeviceId) if pci is not None else None,
        compute_capability=f"{capability[0]}.{capability[1]}" if capability else None,
        memory_total=int(memory.total) if memory is not None else None,
        memory_used=int(memory.used) if memory is not None else None,
        power_limit_w=limit / 1000 if limit is not None else None,
        # The link's own limit: the momentary one is low while the card idles.
        pcie_gen=_query_or_none(pynvml, pynvml.nvmlDeviceGetMaxPcieLinkGeneration, handle),
        pcie_width=_query_or_none(pynvml, pynvml.nvmlDeviceGetMaxPcieLinkWidth, handle),
        display=bool(active) if active is not None else None,
        uuid=_decode_text(_query_or_none(pynvml, pynvml.nvmlDeviceGetUUID, handle))
        if with_uuid
        else None,
        processes=len(running) if running is not None else None,
    )


def _pci_id(combined: int) -> str | None:
    """NVML packs the device's number above the vendor's: ``0x220410de`` is ``10de:2204``; zero says
    it does not know.
    """
    return f"{combined & 0xFFFF:04x}:{combined >> 16:04x}" if combined else None


def _decode_text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if value is not None else None


def _first_value(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) else value
