"""Timing: CUDA events in windows of short samples, their mean, and how far repeats differ."""

import itertools
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import telling


def middle(samples: list[float]) -> float:
    """The mean without the lowest and the highest tenth."""
    cut = len(samples) // 10
    return statistics.fmean(sorted(samples)[cut : len(samples) - cut])


def distance(groups: list[list[float]]) -> float:
    """The largest distance of the groups' means from the median of them, relative to it."""
    means = [middle(group) for group in groups]
    centre = statistics.median(means)
    return max(abs(mean - centre) for mean in means) / centre


class Timer:
    """Times calls on one device. Every kernel stays far below 2 s, after which Windows resets a
    card with a display.
    """

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

    def samples(self, work: Callable[[], Any], count: int, each: int) -> list[float]:
        """Seconds of one call in ``count`` samples of ``each`` calls, queued without a pause
        between them.
        """
        if not self.cuda:
            return [self.calls(work, each) for _ in range(count)]
        marks = [self.torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
        marks[0].record()
        for mark in marks[1:]:
            for _ in range(each):
                work()
            mark.record()
        marks[-1].synchronize()
        return [float(a.elapsed_time(b)) / 1e3 / each for a, b in itertools.pairwise(marks)]

    def sustained(
        self, work: Callable[[], Any], window: float = 0.3, warm: float = 0.4, limit: float = 1.5
    ) -> dict[str, float]:
        """Seconds of one call when the card is warm: the mean of samples of 10 ms, the slowest and
        fastest tenth left out.

        At its power limit the clock of a card swings between 1400 and 1980 MHz in a cycle of about
        a second (seen on an H100): single calls spread by 20 %, windows of 0.3 s by 12 %. So
        windows go on until three in a row agree within 2 % or until ``limit`` seconds, and all
        samples count. ``spread`` compares three interleaved repeats (every third sample), ``swing``
        the windows. From process to process the result then stays within 1 %.
        """
        if not self.cuda:
            window, warm, limit = 0.1, 0.1, 0.3
        work()  # handles, tuning, lazily loaded kernels
        one = max(self.calls(work, 2), 1e-7)
        each = max(1, round(0.01 / one))
        count = max(3, round(window / (one * each)))
        self.samples(work, max(1, round(warm / (one * each))), each)
        windows: list[list[float]] = []
        begin = time.perf_counter()
        while len(windows) < 3 or (
            distance(windows[-3:]) > 0.02 and time.perf_counter() - begin < limit
        ):
            windows.append(self.samples(work, count, each))
        everything = [sample for part in windows for sample in part]
        return {
            "seconds": middle(everything),
            "best": min(middle(part) for part in windows),
            "spread": distance([everything[i::3] for i in range(3)]),
            "swing": distance(windows),
        }

    def peak(self, work: Callable[[], Any], one: float, tries: int = 3) -> float:
        """Seconds of one call in a short burst from rest, before a power limit pulls the clock
        down: the best of a few.
        """
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
        self.torch, self.device, self.sensors, self.cuda = (
            torch,
            device,
            sensors,
            device.type == "cuda",
        )
        self.timer = Timer(torch, device)
        self.wrong: list[str] = []
        self.fastest = (
            0.0  # TFLOP/s of the best 16-bit product, which decides how large the training step is
        )
        if self.cuda:
            self.capability = torch.cuda.get_device_capability(device)
            self.free = torch.cuda.mem_get_info(device)[0]
            self.half = telling.half_type(torch, device)
        else:
            self.capability, self.free, self.half = (0, 0), 2 << 30, torch.float32

    def report(
        self,
        name: str,
        value: float,
        unit: str,
        ok: bool,
        since: float,
        took: dict[str, float] | None = None,
        **detail: Any,
    ) -> None:
        """One figure with its spread and what the sensors saw since a moment; a wrong result is
        remembered.
        """
        if took:
            detail |= {"spread": round(took["spread"], 5), "swing": round(took["swing"], 4)}
        seen = self.sensors.window(since) if self.sensors else {}
        telling.measured(
            f"bench.{name}",
            value,
            unit,
            ok=ok,
            comparable=self.cuda,
            device=self.device.type,
            **detail,
            **seen,
        )
        if not ok:
            self.wrong.append(f"{name} ({detail.get('error')})")


def dtype_name(dtype: Any) -> str:
    """``bf16``, ``fp16`` or ``fp32``."""
    return {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}[
        str(dtype).removeprefix("torch.")
    ]
