"""All doors of this computer, opened together."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from app.ports import Clock, Computer, Files, Nvml, Processes, Registry, Stop, Web
from app.world.clock import SystemClock
from app.world.computer import LocalComputer
from app.world.files import LocalFiles
from app.world.nvml import SystemNvml
from app.world.processes import LocalProcesses
from app.world.registry import SystemRegistry


@dataclass
class OpenWorld:
    """The doors as plain attributes, so that a test or a face can put another one in its place."""

    processes: Processes
    files: Files
    web: Web
    registry: Registry
    nvml: Nvml
    computer: Computer
    clock: Clock
    stop: Stop
    simulated: str | None = None


def open_world(simulated: str | None = None) -> OpenWorld:
    """The doors of this computer. ``simulated`` names a machine file whose facts stand for this
    computer's.
    """
    from app.world.web import HttpWeb  # heavy: HTTP and certificates

    stop = threading.Event()
    registry = SystemRegistry()
    return OpenWorld(
        processes=LocalProcesses(stop),
        files=LocalFiles(),
        web=HttpWeb(stop),
        registry=registry,
        nvml=SystemNvml(),
        computer=LocalComputer(registry),
        clock=SystemClock(),
        stop=stop,
        simulated=simulated,
    )
