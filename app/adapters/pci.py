r"""Display adapters as the PCI bus lists them, with or without a driver.

The same fact: ``lspci -nn -d ::0300``; Windows' Device Manager.

Windows: ``reg query HKLM\SYSTEM\CurrentControlSet\Enum\PCI`` says which adapters there are, and the
display class key ``{4d36e968-…}`` what their drivers wrote: name, memory (64 bits), version.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from app.model.machine import Gpu, Vendor
from app.ports import Registry, RegistryKey

_ENUM = r"SYSTEM\CurrentControlSet\Enum\PCI"
_CLASS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_VENDORS: dict[str, Vendor] = {"10de": "nvidia", "1002": "amd", "1022": "amd", "8086": "intel"}
_ID = re.compile(r"VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", re.IGNORECASE)
# PCI class 03: 0300 VGA controller, 0302 3D controller (the second card of a laptop), 0380 other
# display controller.
_DISPLAY = re.compile(r"PCI\\CC_03", re.IGNORECASE)
_NAMES = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/var/lib/pciutils/pci.ids")


def vendor_name(pci_id: str | None) -> Vendor:
    """The maker, from the first half of ``10de:2204``."""
    return _VENDORS.get((pci_id or "").partition(":")[0], "other")


def linux_cards(
    devices: Path = Path("/sys/bus/pci/devices"), names: tuple[str, ...] = _NAMES
) -> tuple[Gpu, ...]:
    """Devices of PCI class 03 in the order of their slots."""
    cards: list[Gpu] = []
    for slot in sorted(devices.iterdir()) if devices.is_dir() else ():
        if not _read_line(slot / "class").startswith("0x03"):
            continue
        pci_id = f"{_read_line(slot / 'vendor').removeprefix('0x')}:{_read_line(slot / 'device').removeprefix('0x')}"
        lit = _read_line(slot / "boot_vga")
        cards.append(
            Gpu(
                index=len(cards),
                vendor=vendor_name(pci_id),
                pci_id=pci_id,
                name=_find_device_name(pci_id, names),
                display=lit == "1" if lit else None,
            )
        )
    return tuple(cards)


def _read_line(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip().lower()
    except OSError:
        return ""


def _find_device_name(pci_id: str, lists: tuple[str, ...]) -> str | None:
    """The device's name in the system's own list of PCI numbers, as ``NVIDIA Corporation GA102
    [GeForce RTX 3090]``.
    """
    maker, _, device = pci_id.partition(":")
    for path in lists:
        try:
            text = Path(path).read_text("utf-8", "replace")
        except OSError:
            continue
        found = re.search(rf"^{maker}  (.+)((?:\n(?:#|\t).*)*)", text, re.MULTILINE)
        if found:
            named = re.search(rf"^\t{device}  (.+)$", found[2], re.MULTILINE)
            return f"{found[1]} {named[1]}" if named else f"{found[1]} device {device}"
    return None


def windows_cards(registry: Registry, present: Callable[[str], bool]) -> tuple[Gpu, ...]:
    """Adapters of the PCI branch that are plugged in now; ``present`` is asked with the device's
    instance name.

    The branch remembers cards that were taken out long ago, and the class key does too. A card
    without any driver has no class: it is found by its PCI class alone. Remote and virtual displays
    are not on the bus.
    """
    cards: list[Gpu] = []
    for device in _list_subkeys(registry, _ENUM):
        number = _ID.match(device)
        if number is None:
            continue
        for instance in _list_subkeys(registry, f"{_ENUM}\\{device}"):
            entry = registry.key("HKLM", f"{_ENUM}\\{device}\\{instance}")
            if entry is None or not _is_display(entry) or not present(f"PCI\\{device}\\{instance}"):
                continue
            pci_id = f"{number[1]}:{number[2]}".lower()
            driver = _find_driver_key(registry, entry)
            cards.append(
                _build_card(
                    len(cards), pci_id, driver, _strip_inf_prefix(entry.values.get("DeviceDesc"))
                )
            )
    return tuple(cards) or _cards_of_class_key(registry)


def _is_display(entry: RegistryKey) -> bool:
    kinds = entry.values.get("CompatibleIDs") or ()
    return (
        any(_DISPLAY.match(str(kind)) for kind in ([kinds] if isinstance(kinds, str) else kinds))
        or str(entry.values.get("ClassGUID", "")).lower() == _CLASS.rpartition("\\")[2]
    )


def _find_driver_key(registry: Registry, entry: RegistryKey) -> RegistryKey | None:
    name = str(entry.values.get("Driver", ""))
    return registry.key("HKLM", f"{_CLASS.rpartition(chr(92))[0]}\\{name}") if name else None


def _cards_of_class_key(registry: Registry) -> tuple[Gpu, ...]:
    """Where the PCI branch may not be read: what the display class key has, old cards included."""
    cards: list[Gpu] = []
    for sub in _list_subkeys(registry, _CLASS):
        key = registry.key("HKLM", f"{_CLASS}\\{sub}") if sub.isdigit() else None
        number = _ID.search(str(key.values.get("MatchingDeviceId", ""))) if key else None
        if number:
            cards.append(_build_card(len(cards), f"{number[1]}:{number[2]}".lower(), key, None))
    return tuple(cards)


def _build_card(
    index: int, pci_id: str, driver: RegistryKey | None, description: str | None
) -> Gpu:
    values = driver.values if driver else {}
    memory = _parse_number(values.get("HardwareInformation.qwMemorySize"))
    return Gpu(
        index=index,
        vendor=vendor_name(pci_id),
        pci_id=pci_id,
        name=_strip_inf_prefix(values.get("DriverDesc")) or description,
        memory_total=memory or _parse_number(values.get("HardwareInformation.MemorySize")),
    )


def _list_subkeys(registry: Registry, path: str) -> tuple[str, ...]:
    key = registry.key("HKLM", path)
    return key.subkeys if key else ()


def _parse_number(value: object) -> int | None:
    """Drivers write sizes as a number or as its little-endian bytes."""
    if isinstance(value, bytes):
        return int.from_bytes(value, "little") or None
    return value or None if isinstance(value, int) else None


def _strip_inf_prefix(value: object) -> str | None:
    """``@oem1.inf,%key%;NVIDIA GeForce RTX 3090`` carries its text after the semicolon."""
    return str(value).rpartition(";")[2].strip() or None if value else None
