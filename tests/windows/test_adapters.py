"""The adapters that only Windows has, each against the real adapter.

Registry, folders, cards without NVML, rights.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters import pci
from app.adapters.computer import LocalComputer
from app.adapters.windows.registry import SystemRegistry

pytestmark = [pytest.mark.windows]

if sys.platform == "win32":
    import winreg

    from app.adapters.windows import system_api

    KEY = r"Software\UnslothSetup test Ümläut"
    CLASS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
    ENUM = r"SYSTEM\CurrentControlSet\Enum\PCI\VEN_10DE&DEV_2204&SUBSYS_87B31043&REV_A1"
    INSTANCE = "4&1a2b3c4d&0&0019"

    def write(root: int, path: str, values: dict[str, tuple[int, Any]], view: int = 0) -> None:
        """Make a key with these values."""
        with winreg.CreateKeyEx(root, path, 0, winreg.KEY_WRITE | view) as key:
            for name, (kind, value) in values.items():
                winreg.SetValueEx(key, name, 0, kind, value)

    def delete(root: int, path: str) -> None:
        """Delete a key and everything below it."""
        try:
            with winreg.OpenKey(root, path, 0, winreg.KEY_READ) as key:
                names = [winreg.EnumKey(key, i) for i in range(winreg.QueryInfoKey(key)[0])]
        except FileNotFoundError:
            return
        for name in names:
            delete(root, f"{path}\\{name}")
        winreg.DeleteKey(root, path)

    @pytest.fixture
    def own_key() -> Iterator[None]:
        """A key of this test alone, in the user's branch."""
        write(
            winreg.HKEY_CURRENT_USER,
            KEY,
            {
                "text": (winreg.REG_SZ, "Jürgen 日本"),
                "number": (winreg.REG_DWORD, 4294967295),
                "large": (winreg.REG_QWORD, 25769803776),
                "bytes": (winreg.REG_BINARY, b"\x00\x01\xff"),
                "list": (winreg.REG_MULTI_SZ, ["a", "b"]),
                "": (winreg.REG_SZ, "default"),
            },
        )
        write(winreg.HKEY_CURRENT_USER, KEY + r"\below", {})
        yield
        delete(winreg.HKEY_CURRENT_USER, KEY)

    @pytest.mark.usefixtures("own_key")
    def test_every_kind_of_value_is_read() -> None:
        seen = SystemRegistry().key("HKCU", KEY)
        assert seen is not None
        assert seen.values == {
            "text": "Jürgen 日本",
            "number": 4294967295,
            "large": 25769803776,
            "bytes": b"\x00\x01\xff",
            "list": ["a", "b"],
            "": "default",
        }
        assert seen.subkeys == ("below",)

    def test_a_key_that_is_not_there_is_none() -> None:
        assert SystemRegistry().key("HKLM", r"SOFTWARE\There is no such key 4711") is None

    @pytest.fixture
    def card_in_registry() -> Iterator[None]:
        """An RTX 3090 as its driver writes it; NVML has no part in it."""
        write(
            winreg.HKEY_LOCAL_MACHINE,
            f"{ENUM}\\{INSTANCE}",
            {
                "ClassGUID": (winreg.REG_SZ, "{4d36e968-e325-11ce-bfc1-08002be10318}"),
                "Driver": (winreg.REG_SZ, r"{4d36e968-e325-11ce-bfc1-08002be10318}\0042"),
                "DeviceDesc": (
                    winreg.REG_SZ,
                    "@oem12.inf,%nvidia_dev.2204%;NVIDIA GeForce RTX 3090",
                ),
                "CompatibleIDs": (
                    winreg.REG_MULTI_SZ,
                    [r"PCI\VEN_10DE&DEV_2204&REV_A1", r"PCI\CC_030000", r"PCI\CC_0300"],
                ),
            },
        )
        write(
            winreg.HKEY_LOCAL_MACHINE,
            CLASS + r"\0042",
            {
                "DriverDesc": (winreg.REG_SZ, "NVIDIA GeForce RTX 3090"),
                "DriverVersion": (winreg.REG_SZ, "32.0.15.6636"),
                "ProviderName": (winreg.REG_SZ, "NVIDIA"),
                "MatchingDeviceId": (winreg.REG_SZ, r"PCI\VEN_10DE&DEV_2204"),
                "HardwareInformation.qwMemorySize": (winreg.REG_QWORD, 25769803776),
                "HardwareInformation.MemorySize": (
                    winreg.REG_BINARY,
                    (0xFFF00000).to_bytes(4, "little"),
                ),
            },
        )
        yield
        delete(winreg.HKEY_LOCAL_MACHINE, ENUM)
        delete(winreg.HKEY_LOCAL_MACHINE, CLASS + r"\0042")

    @pytest.mark.usefixtures("card_in_registry")
    def test_a_card_with_more_than_4_gb_is_read_without_nvml() -> None:
        cards = [
            c
            for c in pci.windows_cards(SystemRegistry(), lambda _: True)
            if c.pci_id == "10de:2204"
        ]
        [card] = cards
        assert (card.vendor, card.name, card.memory_total) == (
            "nvidia",
            "NVIDIA GeForce RTX 3090",
            25769803776,
        )

    @pytest.mark.usefixtures("card_in_registry")
    def test_a_card_that_was_taken_out_is_not_there() -> None:
        cards = pci.windows_cards(SystemRegistry(), lambda instance: INSTANCE not in instance)
        assert "10de:2204" not in [c.pci_id for c in cards]

    @pytest.mark.parametrize(
        "name",
        [
            "profile",
            "documents",
            "desktop",
            "programs",
            "local",
            "roaming",
            "windows",
            "system",
            "program-files",
        ],
    )
    def test_known_folders_are_folders(name: str) -> None:
        path = system_api.known_folder(name)
        assert path is not None
        assert os.path.isdir(path), path

    def test_an_unknown_folder_is_none() -> None:
        assert system_api.known_folder("no such folder") is None

    def test_the_profile_is_the_users() -> None:
        found = system_api.known_folder("profile")
        assert found is not None
        assert os.path.samefile(found, os.environ["USERPROFILE"])

    def test_what_windows_itself_is_asked() -> None:
        assert system_api.native_arch() == "x86_64"
        assert system_api.avx2() in {True, False}
        assert system_api.is_admin() in {True, False}
        locale = system_api.locale_name()
        assert locale is not None
        assert len(locale.split("-")[0]) in {2, 3}

    def test_facts_of_this_computer() -> None:
        facts = LocalComputer(SystemRegistry()).facts()
        assert "Windows" in facts["name"]
        assert facts["build"] == sys.getwindowsversion().build
        assert facts["memory_total"] > facts["memory_available"] > 0

    def test_no_sleep_while_the_context_lasts() -> None:
        """``SetThreadExecutionState`` returns what was wished before: the wish must be on inside
        and off after.
        """
        import ctypes

        state = ctypes.windll.kernel32.SetThreadExecutionState
        state.restype = ctypes.c_uint32
        with LocalComputer(SystemRegistry()).keep_awake():
            inside = state(ctypes.c_uint32(0x80000001))
        after = state(ctypes.c_uint32(0x80000000))
        assert inside & 1, hex(inside)
        assert not after & 1, hex(after)
