"""All adapters of this computer, opened together."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, cast

from app.adapters.clock import SystemClock
from app.adapters.computer import LocalComputer
from app.adapters.files import LocalFiles
from app.adapters.nvml import SystemNvml
from app.adapters.processes.local_processes import LocalProcesses
from app.adapters.processes.local_terminal import LocalTerminal
from app.adapters.windows.registry import SystemRegistry
from app.ports import Clock, Computer, Files, Nvml, Processes, Registry, Stop, Terminal, Web


@dataclass
class LocalSystem:
    """The adapters as plain attributes, so that a test or a face can put another one in its place."""

    processes: Processes
    terminal: Terminal
    files: Files
    web: Web
    registry: Registry
    nvml: Nvml
    computer: Computer
    clock: Clock
    stop: Stop
    simulated: str | None = None


class _LaterWeb:
    """The web, opened when it is first asked: HTTP and certificates are a third of the start of a
    command that asks nobody.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._web: Web | None = None

    def __getattr__(self, name: str) -> Any:
        if self._web is None:
            from app.adapters.download.web import HttpWeb

            self._web = HttpWeb(self._stop)
        return getattr(self._web, name)


def open_system(simulated: str | None = None) -> LocalSystem:
    """The adapters of this computer. ``simulated`` names a machine file whose facts stand for this
    computer's.
    """
    stop = threading.Event()
    registry = SystemRegistry()
    processes = LocalProcesses(stop)
    return LocalSystem(
        processes=processes,
        terminal=LocalTerminal(),
        files=LocalFiles(),
        web=cast(Web, _LaterWeb(stop)),
        registry=registry,
        nvml=SystemNvml(processes),
        computer=LocalComputer(registry),
        clock=SystemClock(),
        stop=stop,
        simulated=simulated,
    )
