r"""Cards, their driver, and CUDA toolkits.

Shows what ``nvidia-smi
--query-gpu=index,name,pci.device_id,compute_cap,memory.total,memory.used,power.limit
--format=csv``, ``lspci -nn -d ::0300`` and ``nvcc --version`` show.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePath

from app.model.home_layout import HomeLayout
from app.model.machine import CudaToolkit, Driver, Gpu, Note
from app.model.value import Value
from app.ports import Cards, System

_CLASS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_TOOLKITS = r"SOFTWARE\NVIDIA Corporation\GPU Computing Toolkit\CUDA"
_WINDOWS_TOOLKITS = "C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA"
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
_KERNEL_MODULE = re.compile(r"Kernel Module(?: for \S+)?\s+(\d+\.\d+(?:\.\d+)?)")


class Graphics(Value, frozen=True, kw_only=True):
    """The cards of all makers in one list, the NVIDIA driver, and why something is not known."""

    gpus: tuple[Gpu, ...] = ()
    driver: Driver = Driver()
    notes: tuple[Note, ...] = ()


def graphics(system: System) -> Graphics:
    """``nvidia-smi`` and ``lspci -nn`` in one: NVML's cards, then those that only the PCI bus
    knows.
    """
    seen = system.nvml.cards()
    gpus = merge_cards(seen.gpus, system.computer.pci_cards())
    driver = seen.driver
    nvidia = any(gpu.vendor == "nvidia" for gpu in gpus)
    if driver.version is None and nvidia:
        version = (
            _windows_driver(system)
            if system.computer.family == "windows"
            else _linux_driver(system)
        )
        driver = Driver(
            version=version, cuda_version=driver.cuda_version, nvml=driver.nvml, model=driver.model
        )
    return Graphics(gpus=gpus, driver=driver, notes=_missing_facts_notes(seen, gpus, nvidia))


def merge_cards(known: tuple[Gpu, ...], listed: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    """NVML's cards first with their own numbers (CUDA counts them too), then the bus's cards that
    NVML does not show.

    What only the bus knows of a card (whether the firmware's screen is on it) is kept.
    """
    rest = list(listed)
    gpus = []
    for card in known:
        twin = next((gpu for gpu in rest if gpu.pci_id == card.pci_id), None) or next(
            (gpu for gpu in rest if gpu.vendor == "nvidia" and card.pci_id is None), None
        )
        if twin is not None:
            rest.remove(twin)
        gpus.append(_merge_twins(card, twin))
    return tuple(gpus) + tuple(
        _with_index(gpu, len(gpus) + place) for place, gpu in enumerate(rest)
    )


def _merge_twins(card: Gpu, twin: Gpu | None) -> Gpu:
    if twin is None:
        return card
    from msgspec.structs import replace

    return replace(
        card,
        pci_id=card.pci_id or twin.pci_id,
        name=card.name or twin.name,
        memory_total=card.memory_total or twin.memory_total,
        display=twin.display if card.display is None else card.display,
    )


def _with_index(gpu: Gpu, index: int) -> Gpu:
    from msgspec.structs import replace

    return replace(gpu, index=index)


def _missing_facts_notes(seen: Cards, gpus: tuple[Gpu, ...], nvidia: bool) -> tuple[Note, ...]:
    notes = []
    if seen.note:
        notes.append(Note(about="driver", text=seen.note))
    if not gpus:
        notes.append(Note(about="gpus", text="no display adapter was found on the PCI bus"))
    elif nvidia and not seen.gpus:
        notes.append(
            Note(
                about="gpus",
                text="an NVIDIA card is on the PCI bus, but its driver does not show it",
            )
        )
    return tuple(notes)


def nvidia_version(windows: str) -> str | None:
    """NVIDIA's number from the Windows driver version: the last five digits of ``32.0.15.6636``
    make ``566.36``.
    """
    digits = "".join(
        part if place < 2 else part.rjust(4, "0")
        for place, part in enumerate(windows.split("."))
        if part.isdigit()
    )
    return f"{int(digits[-5:-2])}.{digits[-2:]}" if len(digits) >= 5 else None


def _windows_driver(system: System) -> str | None:
    """The newest version that NVIDIA's own driver wrote into the display class key; Microsoft's
    basic one does not count.
    """
    classes = system.registry.key("HKLM", _CLASS)
    found = []
    for sub in classes.subkeys if classes else ():
        key = system.registry.key("HKLM", f"{_CLASS}\\{sub}") if sub.isdigit() else None
        if key is None or "VEN_10DE" not in str(key.values.get("MatchingDeviceId", "")).upper():
            continue
        if "NVIDIA" in str(key.values.get("ProviderName", "NVIDIA")).upper():
            version = nvidia_version(str(key.values.get("DriverVersion", "")))
            if version:
                found.append(version)
    return max(found, key=lambda version: [int(part) for part in version.split(".")], default=None)


def _linux_driver(system: System) -> str | None:
    """``cat /proc/driver/nvidia/version``: the kernel module that is loaded, whatever the libraries
    say.
    """
    data = system.files.read("/proc/driver/nvidia/version") or b""
    found = _KERNEL_MODULE.search(data.decode("utf-8", "replace"))
    return found[1] if found else None


def cuda_toolkits(system: System, place: HomeLayout) -> tuple[CudaToolkit, ...]:
    r"""``nvcc --version`` of every toolkit: ``CUDA_PATH*``, ``/usr/local/cuda*``, ``reg query
    "HKLM\SOFTWARE\NVIDIA Corporation\GPU Computing Toolkit\CUDA"``. Read from version.json,
    version.txt or the folder's name, never started."""
    folders = [
        value
        for name, value in sorted(system.computer.variables().items())
        if name.upper() in ("CUDA_HOME", "CUDA_ROOT") or name.upper().startswith("CUDA_PATH")
    ]
    if system.computer.family == "windows":
        folders += _registered_toolkits(system)
        folders += [
            place.join(_WINDOWS_TOOLKITS, name) for name in system.files.names(_WINDOWS_TOOLKITS)
        ]
    else:
        folders += [
            f"/usr/local/{name}"
            for name in system.files.names("/usr/local")
            if name.startswith("cuda")
        ]
        folders += [
            f"/opt/{name}" for name in system.files.names("/opt") if name.startswith("cuda")
        ]
    found: dict[str, CudaToolkit] = {}
    for folder in folders:
        path = folder.rstrip("\\/")
        version = _toolkit_version(system, place, path)
        # /usr/local/cuda is a link to one of its neighbours: the one with the number in its name is
        # kept.
        if version and (version not in found or len(path) > len(found[version].path)):
            found[version] = CudaToolkit(version=version, path=path)
    return tuple(
        found[version]
        for version in sorted(found, key=lambda text: [int(part) for part in text.split(".")])
    )


def _registered_toolkits(system: System) -> list[str]:
    key = system.registry.key("HKLM", _TOOLKITS)
    folders = []
    for sub in key.subkeys if key else ():
        entry = system.registry.key("HKLM", f"{_TOOLKITS}\\{sub}")
        if entry and entry.values.get("InstallDir"):
            folders.append(str(entry.values["InstallDir"]))
    return folders


def _toolkit_version(system: System, place: HomeLayout, folder: str) -> str | None:
    if not folder or not system.files.is_folder(folder):
        return None
    compiler = "nvcc.exe" if system.computer.family == "windows" else "nvcc"
    written = _read_toolkit_version(system.files.read(place.join(folder, "version.json")))
    if written:
        return written
    text = (system.files.read(place.join(folder, "version.txt")) or b"").decode("utf-8", "replace")
    named = _VERSION.search(text) or _VERSION.search(PurePath(folder.replace("\\", "/")).name)
    # A folder that merely carries the name (the runtime's libraries of a package) is no toolkit.
    return (
        named[0]
        if named and (text or system.files.exists(place.join(folder, "bin", compiler)))
        else None
    )


def _read_toolkit_version(data: bytes | None) -> str | None:
    """The toolkit's version from its ``version.json``; ``None`` where that is missing or says
    nothing of use.
    """
    try:
        version = str(json.loads(data or b"{}")["cuda"]["version"])
    except (ValueError, KeyError, TypeError):
        return None
    return version if _VERSION.fullmatch(version) else None
