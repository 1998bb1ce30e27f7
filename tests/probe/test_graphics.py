"""Cards, drivers and toolkits, as different machines show them."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.pci import linux_cards, windows_cards
from app.model.home_layout import HomeLayout
from app.model.machine import Driver, Gpu
from app.ports import Cards
from app.probe.graphics import cuda_toolkits, graphics, merge_cards, nvidia_version

CLASS = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}"
PCI = "HKLM\\SYSTEM\\CurrentControlSet\\Enum\\PCI"
RTX_3090: dict[str, Any] = {
    f"{PCI}\\VEN_10DE&DEV_2204&SUBSYS_147D10DE&REV_A1\\4&1a2b&0&0008": {
        "CompatibleIDs": ["PCI\\VEN_10DE&DEV_2204", "PCI\\CC_030000", "PCI\\CC_0300"],
        "Driver": "{4d36e968-e325-11ce-bfc1-08002be10318}\\0001",
        "DeviceDesc": "@oem7.inf,%x%;NVIDIA GeForce RTX 3090",
    },
    f"{CLASS}\\0001": {
        "DriverDesc": "NVIDIA GeForce RTX 3090",
        "ProviderName": "NVIDIA",
        "DriverVersion": "32.0.15.6636",
        "MatchingDeviceId": "PCI\\VEN_10DE&DEV_2204&SUBSYS_147D10DE",
        "HardwareInformation.qwMemorySize": 25769803776,
        "HardwareInformation.MemorySize": b"\x00\x00\xf0\xff",
    },
}
INTEL = {
    f"{PCI}\\VEN_8086&DEV_9BC4&SUBSYS_0\\3&11583659&0&10": {
        "CompatibleIDs": ["PCI\\CC_030000"],
        "Driver": "{4d36e968-e325-11ce-bfc1-08002be10318}\\0000",
    },
    f"{CLASS}\\0000": {
        "DriverDesc": "Intel(R) UHD Graphics",
        "MatchingDeviceId": "PCI\\VEN_8086&DEV_9BC4",
        "HardwareInformation.qwMemorySize": (1 << 30).to_bytes(8, "little"),
    },
}


def _windows(
    pc: Any, registry: dict[str, Any], gone: str = "nothing", nvml: Cards | None = None
) -> Any:
    system = pc("windows", registry=registry, nvml=nvml)
    system.computer.cards = windows_cards(system.registry, lambda instance: gone not in instance)
    return system


def test_class_key_gives_name_memory_and_driver_without_nvml(pc: Any) -> None:
    seen = graphics(_windows(pc, RTX_3090))
    assert seen.gpus == (
        Gpu(
            vendor="nvidia",
            name="NVIDIA GeForce RTX 3090",
            pci_id="10de:2204",
            memory_total=25769803776,
        ),
    )
    assert seen.driver == Driver(version="566.36", nvml="missing")
    assert any("driver does not show it" in note.text for note in seen.notes)


def test_a_card_without_any_driver_appears_with_its_pci_id(pc: Any) -> None:
    bare = {
        f"{PCI}\\VEN_10DE&DEV_2520&SUBSYS_1\\4&0&0&0008": {
            "CompatibleIDs": ["PCI\\CC_030200", "PCI\\CC_0302"],
            "DeviceDesc": "3D Video Controller",
        }
    }
    seen = graphics(_windows(pc, {**INTEL, **bare}))
    assert [(gpu.index, gpu.vendor, gpu.pci_id) for gpu in seen.gpus] == [
        (0, "nvidia", "10de:2520"),
        (1, "intel", "8086:9bc4"),
    ]
    assert seen.driver.version is None


def test_a_card_that_was_taken_out_is_not_listed(pc: Any) -> None:
    assert [
        gpu.vendor for gpu in graphics(_windows(pc, {**INTEL, **RTX_3090}, gone="VEN_10DE")).gpus
    ] == ["intel"]


def test_network_cards_are_no_display_adapters(pc: Any) -> None:
    other = {f"{PCI}\\VEN_8086&DEV_15B8&SUBSYS_0\\3&0": {"CompatibleIDs": ["PCI\\CC_020000"]}}
    assert [gpu.vendor for gpu in graphics(_windows(pc, {**other, **INTEL})).gpus] == ["intel"]


def test_class_key_alone_is_enough_where_the_bus_may_not_be_read(pc: Any) -> None:
    only_class = {name: values for name, values in RTX_3090.items() if name.startswith(CLASS)}
    assert graphics(_windows(pc, only_class)).gpus[0].memory_total == 25769803776


def test_hybrid_graphics_shows_both_with_nvmls_own_facts(pc: Any) -> None:
    card = Gpu(
        index=0,
        vendor="nvidia",
        name="NVIDIA GeForce RTX 3090",
        pci_id="10de:2204",
        compute_capability="8.6",
        memory_total=25769803776,
        memory_used=900,
    )
    driver = Driver(version="566.36", cuda_version="12.7", nvml="ok")
    seen = graphics(_windows(pc, {**INTEL, **RTX_3090}, nvml=Cards(gpus=(card,), driver=driver)))
    assert [(gpu.index, gpu.vendor) for gpu in seen.gpus] == [(0, "nvidia"), (1, "intel")]
    assert seen.gpus[0].compute_capability == "8.6"
    assert seen.gpus[1].memory_total == 1 << 30
    assert seen.driver == driver


def test_two_equal_cards_stay_two() -> None:
    known = tuple(
        Gpu(index=i, vendor="nvidia", pci_id="10de:2204", memory_used=i) for i in range(2)
    )
    listed = tuple(
        Gpu(index=i, vendor="nvidia", pci_id="10de:2204", display=i == 0) for i in range(3)
    )
    both = merge_cards(known, listed)
    assert [(gpu.index, gpu.memory_used, gpu.display) for gpu in both] == [
        (0, 0, True),
        (1, 1, False),
        (2, None, False),
    ]


@pytest.mark.parametrize(
    ("windows", "nvidia"),
    [
        ("32.0.15.6636", "566.36"),
        ("31.0.15.3623", "536.23"),
        ("27.21.14.5206", "452.06"),
        ("30.0.14.7111", "471.11"),
        ("32.0.15.0036", "500.36"),
        ("", None),
        ("10.0", None),
    ],
)
def test_nvidias_number_is_the_last_five_digits(windows: str, nvidia: str | None) -> None:
    assert nvidia_version(windows) == nvidia


def test_microsofts_basic_driver_is_not_nvidias(pc: Any) -> None:
    own: dict[str, Any] = RTX_3090[f"{CLASS}\\0001"]
    basic = {
        **RTX_3090,
        f"{CLASS}\\0001": {**own, "ProviderName": "Microsoft", "DriverVersion": "10.0.19041.1"},
    }
    assert graphics(_windows(pc, basic)).driver.version is None


def test_linux_kernel_module_tells_the_driver_when_the_library_does_not_fit(pc: Any) -> None:
    text = (
        b"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n"
    )
    card = Gpu(vendor="nvidia", pci_id="10de:2204")
    system = pc(
        "linux",
        files={"/proc/driver/nvidia/version": text},
        pci=(card,),
        nvml=Cards(driver=Driver(nvml="mismatch"), note="a restart is needed"),
    )
    assert graphics(system).driver == Driver(version="550.54.14", nvml="mismatch")


def test_open_kernel_module_line(pc: Any) -> None:
    text = b"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n"
    system = pc(
        "linux",
        files={"/proc/driver/nvidia/version": text},
        pci=(Gpu(vendor="nvidia", pci_id="10de:2684"),),
    )
    assert graphics(system).driver.version == "570.86.15"


def test_no_display_adapter_is_said(pc: Any) -> None:
    seen = graphics(pc("linux"))
    assert (seen.gpus, [note.about for note in seen.notes]) == ((), ["gpus"])


def test_pci_bus_of_linux(tmp_path: Any) -> None:
    def slot(name: str, **files: str) -> None:
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text + "\n")

    slot(
        "0000:00:02.0",
        **{"class": "0x030000", "vendor": "0x8086", "device": "0x9bc4", "boot_vga": "1"},
    )
    slot("0000:01:00.0", **{"class": "0x030200", "vendor": "0x10de", "device": "0x2520"})
    slot("0000:02:00.0", **{"class": "0x020000", "vendor": "0x8086", "device": "0x15b8"})
    names = tmp_path / "pci.ids"
    names.write_text(
        "# list\n1002  AMD\n\t2520  Wrong\n10de  NVIDIA Corporation\n\t2204  GA102\n\t2520  "
        "GA106M [RTX 3060]\n"
        "8086  Intel\n"
    )
    assert linux_cards(tmp_path, (str(names),)) == (
        Gpu(index=0, vendor="intel", pci_id="8086:9bc4", name="Intel device 9bc4", display=True),
        Gpu(
            index=1,
            vendor="nvidia",
            pci_id="10de:2520",
            name="NVIDIA Corporation GA106M [RTX 3060]",
        ),
    )


def test_toolkits_from_folders_variables_and_registry(pc: Any) -> None:
    root = "C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA"
    system = pc(
        "windows",
        files={
            f"{root}\\v12.1\\version.json": b'{"cuda": {"name": "CUDA SDK", "version": "12.1.105"}}',
            f"{root}\\v11.8\\bin\\nvcc.exe": b"",
            "D:\\cuda\\version.txt": b"CUDA Version 10.2.89",
            f"{root}\\v12.9\\readme.txt": b"left by an uninstaller",
        },
        variables={"CUDA_PATH": f"{root}\\v12.1\\", "CUDA_PATH_V10_2": "D:\\cuda"},
        registry={
            "HKLM\\SOFTWARE\\NVIDIA Corporation\\GPU Computing Toolkit\\CUDA\\v11.8": {
                "InstallDir": f"{root}\\v11.8"
            }
        },
    )
    found = cuda_toolkits(system, HomeLayout("C:\\home", "windows"))
    assert [(one.version, one.path) for one in found] == [
        ("10.2.89", "D:\\cuda"),
        ("11.8", f"{root}\\v11.8"),
        ("12.1.105", f"{root}\\v12.1"),
    ]


def test_a_link_and_its_target_are_one_toolkit(pc: Any) -> None:
    text = b'{"cuda": {"version": "12.4.1"}}'
    system = pc(
        "linux",
        files={"/usr/local/cuda/version.json": text, "/usr/local/cuda-12.4/version.json": text},
    )
    assert [one.path for one in cuda_toolkits(system, HomeLayout("/home/anna/x", "linux"))] == [
        "/usr/local/cuda-12.4"
    ]
