"""Timing: CUDA events in windows of a given length, the mean of each window, and how far windows differ."""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import telling


def spread(means: list[float]) -> float:
    """The largest distance from the median, relative to it."""
    middle = statistics.median(means)
    return max(abs(mean - middle) for mean in means) / middle


class Timer:
    """Times calls on one device. Every kernel stays far below 2 s, after which Windows resets a card with a display."""

    def __init__(self, torch: Any, device: Any) -> None:
        self.torch, self.device, self.cuda = torch, device, device.type == "cuda"

    def calls(self, work: Callable[[], Any], count: int) -> float:
        """Mean seconds of ``count`` calls in a row."""
        if not self.cuda:
            begin = time.perf_counter()
            for _ in range(count):
                work()
            return (time.perf_counter() - begin) / count
        first, last = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        for _ in range(count):
            work()
        last.record()
        last.synchronize()
        return float(first.elapsed_time(last)) / 1e3 / count

    def sustained(self, work: Callable[[], Any], window: float = 0.2, warm: float = 0.2, limit: float = 2.0) -> dict[str, float]:
        """Seconds of one call when the card is warm: the median of the last three windows, each its mean over many calls.

        The clock of a card at its power limit falls for half a second and swings within milliseconds (1400 to 1980 MHz on
        an H100): single calls spread by 20 %, windows from a cool start by 5 to 9 %. So windows go on until three in a row
        agree within 1 %, or until ``limit`` seconds. ``spread`` is the largest distance of the three from their median.
        """
        work()  # handles, tuning, lazily loaded kernels
        one = max(self.calls(work, 1), 1e-7)
        begin = time.perf_counter()
        while time.perf_counter() - begin < warm:
            one = max(self.calls(work, max(1, int(0.02 / one))), 1e-7)
        count = max(1, math.ceil(window / one))
        means: list[float] = []
        begin = time.perf_counter()
        while len(means) < 3 or (spread(means[-3:]) > 0.01 and time.perf_counter() - begin < limit):
            means.append(self.calls(work, count))
        return {"seconds": statistics.median(means[-3:]), "best": min(means), "spread": spread(means[-3:]),
                "windows": len(means)}

    def peak(self, work: Callable[[], Any], one: float, tries: int = 3) -> float:
        """Seconds of one call in a short burst from rest, before a power limit pulls the clock down: the best of a few."""
        if not self.cuda:
            return one
        count = max(2, min(10, int(0.014 / max(one, 1e-7))))
        best = math.inf
        for _ in range(tries):
            self.torch.cuda.synchronize()
            time.sleep(0.2)
            for _ in range(3 if one < 0.01 else 1):
                work()
            best = min(best, self.calls(work, count))
        return best


class Bench:
    """What all parts need: the device, its types, free memory, the timer and the sensors."""

    def __init__(self, torch: Any, device: Any, sensors: Any) -> None:
        self.torch, self.device, self.sensors, self.cuda = torch, device, sensors, device.type == "cuda"
        self.timer = Timer(torch, device)
        self.wrong: list[str] = []
        self.fastest = 0.0  # TFLOP/s of the best 16-bit product, which decides how large the training step is
        if self.cuda:
            self.capability = torch.cuda.get_device_capability(device)
            self.free = torch.cuda.mem_get_info(device)[0]
            self.half = telling.half_type(torch, device)
        else:
            self.capability, self.free, self.half = (0, 0), 2 << 30, torch.float32

    def report(self, name: str, value: float, unit: str, ok: bool, since: float, **detail: Any) -> None:
        """One figure, with what the sensors saw since a moment; a wrong result is remembered."""
        seen = self.sensors.window(since) if self.sensors else {}
        telling.measured(f"bench.{name}", value, unit, ok=ok, comparable=self.cuda, device=self.device.type, **detail, **seen)
        if not ok:
            self.wrong.append(f"{name} ({detail.get('error')})")


def dtype_name(dtype: Any) -> str:
    """``bf16``, ``fp16`` or ``fp32``."""
    return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}[str(dtype).removeprefix("torch.")]
