"""The card's sensors while it works.

Clocks, temperature, power, throttle reasons, link, other processes. NVML by ctypes.
"""

import ctypes
import os
import statistics
import threading
import time
from typing import Any

import telling

# nvml.h, nvmlClocksThrottleReasons…
REASONS = {
    1: "idle",
    2: "application_clocks",
    4: "power_cap",
    8: "hw_slowdown",
    16: "sync_boost",
    32: "sw_thermal",
    64: "hw_thermal",
    128: "power_brake",
    256: "display_clocks",
}
ROOT = os.environ.get("SYSTEMROOT", r"C:\Windows")
PROGRAMS = os.environ.get("PROGRAMFILES", r"C:\Program Files")
NAMES = (
    [
        os.path.join(ROOT, "System32", "nvml.dll"),
        os.path.join(PROGRAMS, "NVIDIA Corporation", "NVSMI", "nvml.dll"),
    ]
    if os.name == "nt"
    else ["libnvidia-ml.so.1", "libnvidia-ml.so"]
)
PROCESS_BYTES = 24  # nvmlProcessInfo_t: pid, used memory, two instance ids


class Nvml:
    """The few calls of NVML that are needed; each answers ``None`` where a card does not support
    it.
    """

    def __init__(self, uuid: str | None, index: int) -> None:
        self.library = self._open()
        self.handle = ctypes.c_void_p()
        if self.library.nvmlInit_v2() != 0:
            raise OSError("nvmlInit failed")
        code = 1
        if uuid:  # torch may count cards in another order
            name = uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"
            code = self.library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(self.handle))
        if code and self.library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(self.handle)):
            raise OSError("NVML lists no such card")

    @staticmethod
    def _open() -> Any:
        fault: OSError = OSError("no NVML")
        for name in NAMES:
            try:
                return ctypes.CDLL(name)
            except OSError as error:
                fault = error
        raise fault

    def number(self, function: str, *before: int) -> int | None:
        """An unsigned 32-bit answer."""
        return self._ask(function, ctypes.c_uint(), *before)

    def long(self, function: str) -> int | None:
        """An unsigned 64-bit answer."""
        return self._ask(function, ctypes.c_ulonglong())

    def _ask(self, function: str, out: Any, *before: int) -> int | None:
        call = getattr(self.library, function, None)
        if call is None or call(self.handle, *before, ctypes.byref(out)) != 0:
            return None
        return int(out.value)

    def others(self) -> int | None:
        """How many other processes compute on the card."""
        call = getattr(self.library, "nvmlDeviceGetComputeRunningProcesses_v3", None)
        count, rows = ctypes.c_uint(64), ctypes.create_string_buffer(64 * PROCESS_BYTES)
        if call is None or call(self.handle, ctypes.byref(count), rows) != 0:
            return None
        pids = [
            int.from_bytes(rows.raw[i * PROCESS_BYTES : i * PROCESS_BYTES + 4], "little")
            for i in range(count.value)
        ]
        return sum(pid != os.getpid() for pid in pids)

    def facts(self) -> dict[str, Any]:
        """What does not change while the benchmark runs."""
        return {
            "power_limit_w": watts(self.number("nvmlDeviceGetEnforcedPowerLimit")),
            "power_default_w": watts(self.number("nvmlDeviceGetPowerManagementDefaultLimit")),
            "sm_mhz_max": self.number("nvmlDeviceGetMaxClockInfo", 1),
            "pcie_gen_max": self.number("nvmlDeviceGetMaxPcieLinkGeneration"),
            "pcie_width_max": self.number("nvmlDeviceGetMaxPcieLinkWidth"),
            "slowdown_c": self.number("nvmlDeviceGetTemperatureThreshold", 1),
            "other_processes": self.others(),
            "busy": self.load(),
        }

    def load(self) -> int | None:
        """Percent of the last moments in which a kernel ran (``nvidia-smi
        --query-gpu=utilization.gpu``).
        """
        both = (ctypes.c_uint * 2)()
        call = getattr(self.library, "nvmlDeviceGetUtilizationRates", None)
        return (
            int(both[0])
            if call is not None and call(self.handle, ctypes.byref(both)) == 0
            else None
        )

    def sample(self) -> dict[str, Any]:
        """The card at this moment."""
        mask = self.long("nvmlDeviceGetCurrentClocksThrottleReasons") or 0
        return {
            "sm_mhz": self.number("nvmlDeviceGetClockInfo", 1),
            "temp_c": self.number("nvmlDeviceGetTemperature", 0),
            "power_w": watts(self.number("nvmlDeviceGetPowerUsage")),
            "throttle": [name for bit, name in REASONS.items() if mask & bit and bit != 1],
            "pcie_gen": self.number("nvmlDeviceGetCurrPcieLinkGeneration"),
            "pcie_width": self.number("nvmlDeviceGetCurrPcieLinkWidth"),
        }


def watts(milliwatts: int | None) -> float | None:
    """NVML counts in milliwatts."""
    return None if milliwatts is None else milliwatts / 1000


class Sensors(threading.Thread):
    """Samples ten times a second beside the work; tells twice a second."""

    def __init__(self, nvml: Nvml) -> None:
        super().__init__(daemon=True)
        self.nvml, self.rows, self.over = nvml, [], threading.Event()
        self.begin = time.perf_counter()

    def run(self) -> None:
        """Until ``over`` is set."""
        last = 0.0
        while not self.over.wait(0.1):
            now = time.perf_counter()
            row = self.nvml.sample()
            self.rows.append((now, row))
            if now - last >= 0.5:
                last = now
                telling.measured(
                    "bench.telemetry", row["sm_mhz"], "MHz", t=round(now - self.begin, 2), **row
                )

    def window(self, since: float) -> dict[str, Any]:
        """What was seen since a moment: median clock, hottest, mean power, widest link, share of
        each throttle reason.
        """
        return summary([row for at, row in self.rows if at >= since])

    def close(self) -> None:
        """End the thread."""
        self.over.set()
        self.join(2)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of some samples; fields that no sample holds are left out."""
    if not rows:
        return {}
    out: dict[str, Any] = {"samples": len(rows)}
    for name, pick in (
        ("sm_mhz", statistics.median),
        ("temp_c", max),
        ("power_w", statistics.mean),
        ("pcie_gen", max),
        ("pcie_width", max),
    ):
        values = [row[name] for row in rows if row[name] is not None]
        if values:
            out[name] = round(pick(values), 1)
    reasons = [reason for row in rows for reason in row["throttle"]]
    out["throttle"] = {
        reason: round(reasons.count(reason) / len(rows), 3) for reason in sorted(set(reasons))
    }
    return out


def open_sensors(torch: Any, device: Any) -> Sensors | None:
    """Start sampling; ``None`` where NVML does not answer, which is told and is no failure."""
    try:
        uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
        nvml = Nvml(str(uuid) if uuid else None, device.index or 0)
        telling.measured("bench.card", torch.cuda.get_device_name(device), **nvml.facts())
        sensors = Sensors(nvml)
    except (OSError, AttributeError) as fault:
        telling.skipped("bench.telemetry", f"NVML does not answer: {telling.first_line(fault)}")
        return None
    sensors.start()
    return sensors
