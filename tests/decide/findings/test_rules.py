"""Each finding of the contract.

On a PC without a fault none speaks, and each speaks at its own change alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.decide.findings.rules import findings, verdict
from app.knowledge import Knowledge
from app.model.answers import Answers
from app.model.condition import NAMES
from app.model.machine import MachineFacts

CONTRACT = [
    "no-gpu",
    "gpu-not-nvidia",
    "driver-missing",
    "driver-too-old",
    "driver-mismatch",
    "gpu-too-old",
    "gpu-too-new-for-profile",
    "vram-low",
    "memory-low",
    "disk-low",
    "path-too-long",
    "path-unsafe",
    "temp-unsafe",
    "s-mode",
    "smart-app-control",
    "controlled-folders",
    "home-on-onedrive",
    "long-paths-off",
    "os-too-old",
    "os-arch-unsupported",
    "python-unsuitable",
    "vc-runtime-missing",
    "compiler-missing",
    "variable-conflict",
    "offline",
    "mirror-unreachable",
    "several-gpus",
    "hybrid-graphics",
    "gpu-busy",
    "cpu-torch-found",
    "leftovers-found",
    "wsl",
    "no-avx2",
    "guide-corrected",
]
GIB, GB = 2**30, 10**9
CARD: dict[str, Any] = {
    "vendor": "nvidia",
    "name": "NVIDIA GeForce RTX 3090",
    "pci_id": "10de:2204",
    "compute_capability": "8.6",
    "memory_total": 24 * GIB,
    "memory_used": GIB,
    "display": True,
}
FINE: dict[str, Any] = {
    "os": {
        "family": "windows",
        "name": "Windows 11 Pro",
        "build": 26100,
        "arch": "x86_64",
        "long_paths": True,
        "wsl": False,
    },
    "cpu": {"name": "AMD Ryzen 7 5800X", "avx2": True},
    "memory": {"total": 32 * GIB, "available": 20 * GIB},
    "disks": [{"root": "C:\\", "total": 1000 * GB, "free": 300 * GB}],
    "gpus": [CARD],
    "driver": {"version": "581.80", "cuda_version": "13.0", "nvml": "ok"},
    "tools": {"vc_runtime": "14.42.34433", "msvc": "14.42.34433"},
    "pythons": [
        {
            "version": "3.11.9",
            "path": "C:\\Python311\\python.exe",
            "bits": 64,
            "origin": "python.org",
        }
    ],
    "home": {
        "path": "C:\\Users\\kim\\AppData\\Local\\UnslothSetup",
        "on_onedrive": False,
        "writable": True,
    },
    "network": {"index": "reachable", "pytorch": "reachable"},
}
LINUX: dict[str, Any] = {
    "os": {"family": "linux", "name": "Ubuntu 24.04", "arch": "x86_64", "wsl": False},
    "disks": [{"root": "/", "free": 300 * GB}],
    "home": {"path": "/home/sam/u", "writable": True},
    "pythons": [],
    "tools": {},
}
A_4090 = CARD | {
    "name": "NVIDIA GeForce RTX 4090",
    "compute_capability": "8.9",
    "pci_id": "10de:2684",
    "index": 1,
}
INTEL = {"vendor": "intel", "name": "Intel(R) UHD Graphics 770", "index": 1}
BEST = "torch28-2025.11"


def pc(**changes: Any) -> MachineFacts:
    """The PC without a fault, with some parts changed (dictionaries one level deep, the rest
    replaced).
    """
    made = {k: dict(v) if isinstance(v, dict) else v for k, v in FINE.items()}
    for key, value in changes.items():
        made[key] = {**made.get(key, {}), **value} if isinstance(value, dict) else value
    return msgspec.convert(made, MachineFacts)


def ids(
    knowledge: Knowledge,
    facts: MachineFacts,
    profile: str | None = BEST,
    answers: Answers | None = None,
) -> dict[str, str]:
    chosen = knowledge.profile(profile) if profile else None
    return {
        f.id: f.severity for f in findings(facts, knowledge.rules, knowledge.cards, chosen, answers)
    }


def card(**changes: Any) -> list[dict[str, Any]]:
    return [{**CARD, **changes}]


def home(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, **more}


# changes, profile, and every finding that they bring
CASES: list[tuple[str, dict[str, Any], str | None, dict[str, str]]] = [
    ("nothing", {}, BEST, {}),
    ("nothing, machine alone", {}, None, {}),
    ("no card", {"gpus": []}, "practice-cpu", {"no-gpu": "warns"}),
    ("no card, setup for cards", {"gpus": []}, BEST, {"no-gpu": "blocks"}),
    (
        "virtual screen only",
        {"gpus": [{"vendor": "other", "name": "Microsoft Basic Display Adapter"}]},
        "practice-cpu",
        {"no-gpu": "warns"},
    ),
    (
        "basic driver on an NVIDIA card",
        {
            "gpus": [
                {
                    "vendor": "other",
                    "name": "Microsoft Basic Display Adapter",
                    "pci_id": "10de:2204",
                }
            ],
            "driver": {"version": None, "nvml": "missing"},
        },
        BEST,
        {"driver-missing": "blocks"},
    ),
    (
        "AMD",
        {"gpus": [{"vendor": "amd", "name": "Radeon RX 7900 XTX"}]},
        "practice-cpu",
        {"gpu-not-nvidia": "warns"},
    ),
    (
        "AMD, setup for cards",
        {"gpus": [{"vendor": "amd", "name": "Radeon"}]},
        BEST,
        {"gpu-not-nvidia": "blocks"},
    ),
    (
        "driver missing",
        {"driver": {"version": None, "cuda_version": None, "nvml": "missing"}},
        BEST,
        {"driver-missing": "blocks"},
    ),
    (
        "driver missing, practice",
        {"driver": {"version": None, "nvml": "missing"}},
        "practice-cpu",
        {"driver-missing": "informs"},
    ),
    (
        "driver missing, machine alone",
        {"driver": {"version": None, "nvml": "missing"}},
        None,
        {"driver-missing": "blocks"},
    ),
    (
        "driver missing for an old card",
        {
            "gpus": card(name="GTX 1080", pci_id="10de:1b80", compute_capability=None),
            "driver": {"version": None, "nvml": "missing"},
        },
        "practice-cpu",
        {"gpu-too-old": "warns"},
    ),
    ("driver not answering", {"driver": {"nvml": "error"}}, BEST, {"driver-error": "warns"}),
    ("mismatch", {"driver": {"nvml": "mismatch"}}, BEST, {"driver-mismatch": "blocks"}),
    ("crash", {"driver": {"nvml": "crashed"}}, BEST, {"driver-error": "warns"}),
    (
        "crash, version unknown",
        {"driver": {"version": None, "nvml": "crashed"}},
        BEST,
        {"driver-error": "warns"},
    ),
    (
        "mismatch, cards not listed",
        {**LINUX, "gpus": [], "driver": {"version": "570.133.07", "nvml": "mismatch"}},
        BEST,
        {"driver-mismatch": "blocks", "gpu-unknown": "warns"},
    ),
    ("driver at the floor", {"driver": {"version": "528.33"}}, BEST, {"driver-too-old": "warns"}),
    (
        "driver below the floor",
        {"driver": {"version": "528.24"}},
        BEST,
        {"driver-too-old": "blocks"},
    ),
    (
        "driver below the floor, machine alone",
        {"driver": {"version": "528.24"}},
        None,
        {"driver-too-old": "blocks"},
    ),
    ("driver at the pass mark", {"driver": {"version": "570.65"}}, BEST, {}),
    (
        "driver as Windows writes it",
        {"driver": {"version": "32.0.15.7063"}},
        BEST,
        {"driver-too-old": "warns"},
    ),
    (
        "driver for CUDA 13",
        {"driver": {"version": "576.80"}},
        "torch212-2026.10",
        {"driver-too-old": "blocks"},
    ),
    (
        "driver just at 580",
        {"driver": {"version": "580.10"}},
        "torch212-2026.10",
        {"driver-too-old": "warns"},
    ),
    (
        "only the driver's CUDA is known",
        {"driver": {"version": None, "cuda_version": "11.8"}},
        BEST,
        {"driver-too-old": "blocks"},
    ),
    (
        "only an older CUDA 12 of the driver is known",
        {"driver": {"version": None, "cuda_version": "12.4"}},
        BEST,
        {"driver-too-old": "warns"},
    ),
    (
        "nothing is known of the driver",
        {"driver": {"version": None, "cuda_version": None, "nvml": None}},
        BEST,
        {"driver-missing": "warns"},
    ),
    (
        "nothing is known of the driver, practice",
        {"driver": {"version": None, "cuda_version": None, "nvml": None}},
        "practice-cpu",
        {},
    ),
    (
        "a card told by its name alone",
        {"gpus": [{"vendor": "other", "name": "NVIDIA GeForce RTX 3090"}]},
        BEST,
        {},
    ),
    (
        "Linux driver at the floor",
        {**LINUX, "driver": {"version": "525.60.13"}},
        BEST,
        {"driver-too-old": "warns"},
    ),
    (
        "Linux driver below the floor",
        {**LINUX, "driver": {"version": "525.60.11"}},
        BEST,
        {"driver-too-old": "blocks"},
    ),
    ("old driver, practice", {"driver": {"version": "391.35"}}, "practice-cpu", {}),
    (
        "Pascal",
        {"gpus": card(name="NVIDIA GeForce GTX 1080", compute_capability="6.1")},
        BEST,
        {"gpu-too-old": "blocks"},
    ),
    (
        "Pascal without capability",
        {"gpus": card(name="Quadro P4000", compute_capability=None, pci_id=None)},
        None,
        {"gpu-too-old": "warns"},
    ),
    (
        "Volta",
        {"gpus": card(name="Tesla V100-SXM2-16GB", compute_capability="7.0")},
        "torch26-2025.3",
        {},
    ),
    (
        "Volta, newer setup",
        {"gpus": card(name="Tesla V100-SXM2-16GB", compute_capability="7.0")},
        BEST,
        {"gpu-too-old": "blocks"},
    ),
    (
        "Blackwell",
        {"gpus": card(name="NVIDIA GeForce RTX 5090", compute_capability="12.0")},
        BEST,
        {},
    ),
    (
        "Blackwell, older setup",
        {"gpus": card(name="NVIDIA GeForce RTX 5090", compute_capability="12.0")},
        "torch26-2025.3",
        {"gpu-too-new-for-profile": "blocks"},
    ),
    (
        "B300",
        {"gpus": card(name="NVIDIA B300", compute_capability="10.3")},
        BEST,
        {"gpu-too-new-for-profile": "blocks"},
    ),
    (
        "B300, newest setup",
        {"gpus": card(name="NVIDIA B300", compute_capability="10.3")},
        "torch212-2026.10",
        {},
    ),
    (
        "newer than all",
        {"gpus": card(name="NVIDIA RTX 7090", compute_capability="14.0")},
        "practice-cpu",
        {"gpu-too-new-for-profile": "warns"},
    ),
    (
        "unknown card",
        {"gpus": card(name="NVIDIA Something", compute_capability=None, pci_id=None)},
        BEST,
        {"gpu-unknown": "warns"},
    ),
    ("4 GB", {"gpus": card(memory_total=4 * GIB, memory_used=0)}, BEST, {"vram-low": "warns"}),
    ("2 GB", {"gpus": card(memory_total=2 * GIB, memory_used=0)}, BEST, {"vram-low": "warns"}),
    ("1 GB", {"gpus": card(memory_total=GIB, memory_used=0)}, BEST, {"vram-low": "blocks"}),
    (
        "1 GB, practice",
        {"gpus": card(memory_total=GIB, memory_used=0)},
        "practice-cpu",
        {"vram-low": "warns"},
    ),
    ("6 GB", {"gpus": card(memory_total=6138 * 2**20, memory_used=0)}, BEST, {}),
    ("4 GB, practice", {"gpus": card(memory_total=4 * GIB, memory_used=0)}, "practice-cpu", {}),
    (
        "8 GB of memory",
        {"memory": {"total": 8 * GIB, "available": 4 * GIB}},
        BEST,
        {"memory-low": "warns"},
    ),
    (
        "8 GB of memory, practice",
        {"memory": {"total": 8 * GIB, "available": 4 * GIB}},
        "practice-cpu",
        {},
    ),
    (
        "4 GB of memory, practice",
        {"memory": {"total": 4 * GIB, "available": 2 * GIB}},
        "practice-cpu",
        {"memory-low": "warns"},
    ),
    (
        "2 GB of memory",
        {"memory": {"total": 2 * GIB, "available": GIB}},
        BEST,
        {"memory-low": "blocks"},
    ),
    (
        "16 GB, none free",
        {"memory": {"total": 16 * GIB, "available": GIB}},
        BEST,
        {"memory-low": "warns"},
    ),
    ("disk full", {"disks": [{"root": "C:\\", "free": 4 * GB}]}, BEST, {"disk-low": "blocks"}),
    (
        "disk nearly full",
        {"disks": [{"root": "C:\\", "free": 16 * GB}]},
        BEST,
        {"disk-low": "warns"},
    ),
    (
        "other disk full",
        {"disks": [{"root": "C:\\", "free": 300 * GB}, {"root": "D:\\", "free": GB}]},
        BEST,
        {},
    ),
    (
        "home on the full disk",
        {
            "disks": [{"root": "C:\\", "free": 300 * GB}, {"root": "D:\\", "free": GB}],
            "home": home("d:\\Unsloth"),
        },
        BEST,
        {"disk-low": "blocks"},
    ),
    (
        "disk of the home unknown",
        {"disks": [{"root": "C:\\", "free": GB}], "home": home("E:\\Unsloth")},
        BEST,
        {},
    ),
    (
        "disk full, machine alone",
        {"disks": [{"root": "C:\\", "free": GB}]},
        None,
        {"disk-low": "warns"},
    ),
    (
        "disk full but half installed",
        {
            "disks": [{"root": "C:\\", "free": 12 * GB}],
            "leftovers": [
                {
                    "id": "own:1",
                    "kind": "own",
                    "path": "C:\\u\\envs\\torch28-2025.11-0123abcd",
                    "size": 11 * GB,
                }
            ],
        },
        BEST,
        {},
    ),
    (
        "disk full of another setup",
        {
            "disks": [{"root": "C:\\", "free": 8 * GB}],
            "leftovers": [
                {
                    "id": "own:1",
                    "kind": "own",
                    "path": "C:\\u\\envs\\torch26-2025.3-0123abcd",
                    "size": 11 * GB,
                }
            ],
        },
        BEST,
        {"disk-low": "blocks"},
    ),
    (
        "pip's cache",
        {"leftovers": [{"id": "c", "kind": "cache", "path": "C:\\pip", "size": GB // 2}]},
        BEST,
        {},
    ),
    (
        "pip's cache with PyTorch in it",
        {"leftovers": [{"id": "c", "kind": "cache", "path": "C:\\pip", "size": 5 * GB}]},
        BEST,
        {"leftovers-found": "informs"},
    ),
    (
        "gcc looked for and missing",
        {**LINUX, "notes": [{"about": "tools.gcc", "text": "not on the search path"}]},
        BEST,
        {"compiler-missing": "warns"},
    ),
    (
        "gcc is there and slow to answer",
        {**LINUX, "notes": [{"about": "tools.gcc", "text": "gcc did not answer within 8 s"}]},
        BEST,
        {},
    ),
    (
        "PyTorch index unreachable, no wheel at hand",
        {**LINUX, "gpus": [], "network": {"pytorch": "unreachable"}},
        "practice-cpu",
        {"no-gpu": "warns", "mirror-unreachable": "blocks"},
    ),
    (
        "PyTorch index unreachable, wheel at hand",
        {
            **LINUX,
            "gpus": [],
            "network": {
                "pytorch": "unreachable",
                "at_hand": ["torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"],
            },
        },
        "practice-cpu",
        {"no-gpu": "warns"},
    ),
    (
        "long path",
        {"os": {"long_paths": False}, "home": home("C:\\" + "a" * 90)},
        BEST,
        {"path-too-long": "blocks", "long-paths-off": "informs"},
    ),
    ("long path, allowed", {"home": home("C:\\" + "a" * 90)}, BEST, {}),
    (
        "long path, unknown",
        {"os": {"long_paths": None}, "home": home("C:\\" + "a" * 90)},
        BEST,
        {"path-too-long": "warns"},
    ),
    ("far too long a path", {"home": home("C:\\" + "a" * 210)}, BEST, {"path-too-long": "blocks"}),
    ("long path on Linux", {**LINUX, "home": home("/" + "a" * 210)}, BEST, {}),
    ("percent in the path", {"home": home("C:\\100%\\u")}, BEST, {"path-unsafe": "warns"}),
    ("semicolon in the path", {"home": home("C:\\a;b")}, BEST, {"path-unsafe": "blocks"}),
    (
        "colon in a Linux path",
        {**LINUX, "home": home("/data/a:b")},
        BEST,
        {"path-unsafe": "blocks"},
    ),
    ("folder ends in a dot", {"home": home("C:\\folder.\\u")}, BEST, {"path-unsafe": "blocks"}),
    ("network share", {"home": home("\\\\server\\share\\u")}, BEST, {"path-unsafe": "warns"}),
    (
        "umlaut and space",
        {"home": home("C:\\Users\\Jürgen Müller\\AppData\\Local\\UnslothSetup")},
        BEST,
        {},
    ),
    ("Chinese", {"home": home("C:\\Users\\王伟\\UnslothSetup")}, BEST, {}),
    (
        "Cyrillic on a German Windows",
        {"os": {"locale": "de-DE"}, "home": home("C:\\Users\\Мария\\UnslothSetup")},
        BEST,
        {"path-unsafe": "warns"},
    ),
    (
        "Cyrillic on a Russian Windows",
        {"os": {"locale": "ru-RU"}, "home": home("C:\\Users\\Мария\\UnslothSetup")},
        BEST,
        {},
    ),
    (
        "Cyrillic where everything is UTF-8",
        {"os": {"code_page": 65001}, "home": home("C:\\Users\\Мария\\UnslothSetup")},
        BEST,
        {},
    ),
    (
        "umlaut on a Japanese Windows",
        {"os": {"code_page": 932}, "home": home("C:\\Users\\Jürgen\\UnslothSetup")},
        BEST,
        {"path-unsafe": "warns"},
    ),
    (
        "temporary files alone outside the code page",
        {"os": {"code_page": 1252}, "home": home("D:\\u", temp="C:\\Users\\山田\\Temp")},
        BEST,
        {"temp-unsafe": "informs"},
    ),
    (
        "temporary files within the code page",
        {"os": {"code_page": 932}, "home": home("D:\\u", temp="C:\\Users\\山田\\Temp")},
        BEST,
        {},
    ),
    (
        "no compiler is asked without a card",
        {
            "os": {"code_page": 1252},
            "gpus": [],
            "home": home("C:\\Users\\Мария\\u", temp="C:\\Users\\Мария\\Temp"),
        },
        "practice-cpu",
        {"no-gpu": "warns"},
    ),
    ("S mode", {"os": {"s_mode": True}}, BEST, {"s-mode": "blocks"}),
    (
        "Smart App Control",
        {"os": {"smart_app_control": "on"}},
        BEST,
        {"smart-app-control": "warns"},
    ),
    ("Smart App Control looks on", {"os": {"smart_app_control": "evaluation"}}, BEST, {}),
    (
        "guarded folders",
        {"os": {"controlled_folders": True}},
        BEST,
        {"controlled-folders": "informs"},
    ),
    (
        "not writable",
        {"home": home("C:\\Windows\\u", writable=False)},
        BEST,
        {"path-unsafe": "blocks"},
    ),
    (
        "OneDrive",
        {"home": home("C:\\Users\\kim\\OneDrive\\u", on_onedrive=True)},
        BEST,
        {"home-on-onedrive": "warns"},
    ),
    (
        "OneDrive by its name",
        {"home": home("C:\\Users\\kim\\OneDrive - Firma\\u", on_onedrive=None)},
        BEST,
        {"home-on-onedrive": "warns"},
    ),
    ("long paths off", {"os": {"long_paths": False}}, BEST, {"long-paths-off": "informs"}),
    (
        "Windows 10 1709",
        {"os": {"name": "Windows 10", "build": 16299}},
        BEST,
        {"os-too-old": "blocks"},
    ),
    (
        "Windows 7 without a build",
        {"os": {"name": "Windows 7 Professional", "build": None}},
        BEST,
        {"os-too-old": "blocks"},
    ),
    ("Windows 10 1809", {"os": {"name": "Windows 10", "build": 17763}}, BEST, {}),
    (
        "CentOS 7",
        {**LINUX, "os": {"family": "linux", "name": "CentOS Linux 7 (Core)"}},
        BEST,
        {"os-too-old": "blocks"},
    ),
    ("ARM", {"os": {"arch": "arm64"}}, BEST, {"os-arch-unsupported": "blocks"}),
    ("32 bit", {"os": {"arch": "x86"}}, "practice-cpu", {"os-arch-unsupported": "blocks"}),
    ("AMD64 is x86_64", {"os": {"arch": "AMD64"}}, BEST, {}),
    ("arch unknown", {"os": {"arch": None}}, BEST, {}),
    (
        "only old Python",
        {"pythons": [{"version": "3.8.10", "path": "C:\\Python38\\python.exe"}]},
        BEST,
        {"python-unsuitable": "informs"},
    ),
    (
        "only 32-bit Python",
        {"pythons": [{"version": "3.11.4", "path": "C:\\p.exe", "bits": 32}]},
        BEST,
        {"python-unsuitable": "informs"},
    ),
    (
        "only the Store's",
        {"pythons": [{"version": "3.11.9", "path": "C:\\Microsoft\\WindowsApps\\python.exe"}]},
        BEST,
        {"python-unsuitable": "informs"},
    ),
    ("no Python at all", {"pythons": []}, BEST, {}),
    ("no VC runtime", {"tools": {"vc_runtime": None}}, BEST, {"vc-runtime-missing": "warns"}),
    (
        "VC runtime 2017",
        {"tools": {"vc_runtime": "14.16.27033"}},
        "guide-2024.9.post3",
        {"vc-runtime-missing": "warns", "guide-corrected": "informs"},
    ),
    (
        "VC runtime 14.38",
        {"tools": {"vc_runtime": "v14.38.33135.00"}},
        BEST,
        {"vc-runtime-missing": "warns"},
    ),
    (
        "VC runtime 14.38, torch 2.4",
        {"tools": {"vc_runtime": "14.38.33135"}},
        "legacy-2024.9.post4",
        {},
    ),
    ("no VC runtime on Linux", LINUX, BEST, {}),
    ("no compiler", {"tools": {"msvc": None}}, BEST, {"compiler-missing": "informs"}),
    ("PYTHONPATH", {"variables": {"PYTHONPATH": "C:\\old"}}, BEST, {"variable-conflict": "warns"}),
    (
        "PYTHONPATH set to nothing",
        {"variables": {"PYTHONPATH": "", "PYTHONHOME": " ", "PIP_TARGET": ""}},
        BEST,
        {},
    ),
    (
        "card counted that is not there",
        {"variables": {"CUDA_VISIBLE_DEVICES": "1"}},
        BEST,
        {"variable-conflict": "warns"},
    ),
    (
        "card counted that is there",
        {"variables": {"CUDA_VISIBLE_DEVICES": "1,0"}, "gpus": [CARD, CARD | {"index": 1}]},
        BEST,
        {"several-gpus": "informs"},
    ),
    ("card counted by its id", {"variables": {"CUDA_VISIBLE_DEVICES": "GPU-8a1c"}}, BEST, {}),
    (
        "card hidden by nothing",
        {"variables": {"CUDA_VISIBLE_DEVICES": ""}},
        BEST,
        {"variable-conflict": "warns"},
    ),
    (
        "CC on Windows",
        {"variables": {"CC": "C:\\mingw64\\bin\\gcc.exe"}},
        BEST,
        {"variable-conflict": "warns"},
    ),
    ("CC on Linux", {**LINUX, "variables": {"CC": "gcc"}}, BEST, {}),
    (
        "foreign CUDA in the library path",
        {**LINUX, "variables": {"LD_LIBRARY_PATH": "/usr/local/cuda-11.8/lib64"}},
        BEST,
        {"variable-conflict": "warns"},
    ),
    (
        "Amazon Linux 2",
        {**LINUX, "os": {"family": "linux", "name": "Amazon Linux 2"}},
        BEST,
        {"os-too-old": "blocks"},
    ),
    (
        "Amazon Linux 2023",
        {**LINUX, "os": {"family": "linux", "name": "Amazon Linux 2023.5"}},
        BEST,
        {},
    ),
    (
        "card hidden",
        {"variables": {"CUDA_VISIBLE_DEVICES": "-1"}},
        BEST,
        {"variable-conflict": "warns"},
    ),
    (
        "card chosen",
        {"variables": {"CUDA_VISIBLE_DEVICES": "0", "CUDA_PATH": "C:\\CUDA", "PATH": "C:\\"}},
        BEST,
        {},
    ),
    (
        "offline",
        {"network": {"index": "unreachable", "pytorch": "unreachable"}},
        BEST,
        {"offline": "blocks"},
    ),
    (
        "mirror",
        {"network": {"index": "unreachable", "pytorch": "reachable"}},
        BEST,
        {"mirror-unreachable": "blocks"},
    ),
    (
        "certificate",
        {"network": {"index": "untrusted", "pytorch": "untrusted"}},
        BEST,
        {"mirror-unreachable": "blocks"},
    ),
    (
        "sign-in page",
        {"network": {"index": "blocked", "pytorch": "blocked"}},
        BEST,
        {"mirror-unreachable": "blocks"},
    ),
    (
        "PyTorch index blocked",
        {"network": {"pytorch": "blocked"}},
        BEST,
        {"mirror-unreachable": "blocks"},
    ),
    (
        "PyTorch index blocked, Linux",
        {**LINUX, "network": {"index": "reachable", "pytorch": "blocked"}},
        BEST,
        {},
    ),
    ("network unknown", {"network": {"index": "unknown", "pytorch": "unknown"}}, BEST, {}),
    ("two cards", {"gpus": [CARD, CARD | {"index": 1}]}, BEST, {"several-gpus": "informs"}),
    ("two kinds of cards", {"gpus": [CARD, A_4090]}, BEST, {"several-gpus": "informs"}),
    ("hybrid", {"gpus": [CARD, INTEL]}, BEST, {"hybrid-graphics": "informs"}),
    (
        "basic screen beside",
        {"gpus": [CARD, {"vendor": "other", "name": "Microsoft Remote Display Adapter"}]},
        BEST,
        {},
    ),
    ("busy", {"gpus": card(memory_used=20 * GIB)}, BEST, {"gpu-busy": "warns"}),
    (
        "processor build",
        {
            "pythons": [
                {"version": "3.11.9", "path": "C:\\p.exe", "packages": {"torch": "2.4.0+cpu"}}
            ]
        },
        BEST,
        {"cpu-torch-found": "warns"},
    ),
    (
        "processor build without a tag",
        {"pythons": [{"version": "3.11.9", "path": "C:\\p.exe", "packages": {"torch": "2.4.0"}}]},
        BEST,
        {"cpu-torch-found": "warns"},
    ),
    (
        "card build",
        {
            "pythons": [
                {"version": "3.11.9", "path": "C:\\p.exe", "packages": {"torch": "2.4.0+cu121"}}
            ]
        },
        BEST,
        {},
    ),
    (
        "processor build and no card",
        {
            "gpus": [],
            "pythons": [
                {"version": "3.11.9", "path": "C:\\p.exe", "packages": {"torch": "2.4.0+cpu"}}
            ],
        },
        "practice-cpu",
        {"no-gpu": "warns"},
    ),
    (
        "leftover",
        {
            "leftovers": [
                {
                    "id": "venv:1",
                    "kind": "venv",
                    "path": "C:\\u",
                    "size": GB,
                    "detail": "torch 2.4.0+cpu",
                }
            ]
        },
        BEST,
        {"leftovers-found": "informs", "cpu-torch-found": "warns"},
    ),
    (
        "own and models",
        {
            "leftovers": [
                {"id": "o", "kind": "own", "path": "C:\\u"},
                {"id": "m", "kind": "model-cache", "path": "C:\\m"},
            ]
        },
        BEST,
        {},
    ),
    (
        "WSL",
        {**LINUX, "os": {"family": "linux", "name": "Ubuntu", "wsl": True}},
        BEST,
        {"wsl": "informs"},
    ),
    (
        "WSL without the driver",
        {
            **LINUX,
            "os": {"family": "linux", "wsl": True},
            "driver": {"version": None, "nvml": "missing"},
        },
        BEST,
        {"wsl": "informs", "driver-missing": "blocks"},
    ),
    (
        "WSL without a card",
        {
            **LINUX,
            "os": {"family": "linux", "wsl": True},
            "gpus": [{"vendor": "other", "name": "Microsoft Corporation Basic Render Driver"}],
            "driver": {"version": None, "nvml": "missing"},
        },
        "practice-cpu",
        {"wsl": "informs", "no-gpu": "warns"},
    ),
    ("no AVX2", {"cpu": {"avx2": False}}, BEST, {"no-avx2": "warns"}),
    ("the guide", {}, "guide-2024.9.post3", {"guide-corrected": "informs"}),
]


@pytest.mark.parametrize(
    ("changes", "profile", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_exactly_these_findings(
    changes: dict[str, Any], profile: str | None, expected: dict[str, str], knowledge: Knowledge
) -> None:
    assert ids(knowledge, pc(**changes), profile) == expected


def test_every_id_of_the_contract_fires_somewhere_and_stays_silent_elsewhere(
    knowledge: Knowledge,
) -> None:
    fired = {name for case in CASES for name in case[3]}
    assert set(CONTRACT) <= fired
    assert set(CONTRACT) <= {rule.id for rule in knowledge.rules.rules}


def test_every_rule_has_an_example(knowledge: Knowledge) -> None:
    """A row of CASES or a machine that ships; what needs more than a machine has a test of its own."""
    elsewhere = {"driver-too-new", "knowledge-old", "home-not-ours"}  # test_ranking, journeys
    shown = {name for case in CASES for name in case[3]} | elsewhere
    for golden in (Path(__file__).parents[2] / "machines" / "goldens").glob("*.json"):
        lines = json.loads(golden.read_text("utf-8"))["findings"]
        shown |= {line.split()[1].removesuffix(":") for line in lines}
    assert {rule.id for rule in knowledge.rules.rules} <= shown


def test_a_bundle_makes_the_network_unneeded(knowledge: Knowledge) -> None:
    facts = pc(network={"index": "unreachable", "pytorch": "unreachable"})
    assert ids(knowledge, facts, BEST, Answers(offline="D:\\bundle")) == {"offline": "informs"}


def test_another_home_is_judged_in_place_of_the_survey_s(knowledge: Knowledge) -> None:
    facts = pc(disks=[{"root": "C:\\", "free": GB}, {"root": "D:\\", "free": 300 * GB}])
    assert ids(knowledge, facts) == {"disk-low": "blocks"}
    assert ids(knowledge, facts, BEST, Answers(home="D:\\Unsloth")) == {}


def test_texts_are_filled_and_say_what_to_do(knowledge: Knowledge) -> None:
    for name, changes, profile, _ in CASES:
        chosen = knowledge.profile(profile) if profile else None
        for finding in findings(pc(**changes), knowledge.rules, knowledge.cards, chosen):
            whole = f"{finding.title} {finding.detail} {finding.seen} {finding.remedy}"
            assert "{" not in whole, (name, whole)
            assert "!" not in finding.title + finding.remedy
            assert finding.remedy, finding.id
            assert finding.remedy.rstrip().endswith((".", "better.")), finding.remedy


def test_the_worst_comes_first_and_makes_the_verdict(knowledge: Knowledge) -> None:
    found = findings(
        pc(os={"long_paths": False}, driver={"version": "452.06"}, memory={"total": 8 * GIB}),
        knowledge.rules,
        knowledge.cards,
        knowledge.profile(BEST),
    )
    assert [f.severity for f in found] == sorted(
        (f.severity for f in found), key=["blocks", "warns", "informs"].index
    )
    assert verdict(found) == "blocked"
    assert verdict(()) == "ready"


def test_nothing_known_blocks_nothing(knowledge: Knowledge) -> None:
    """A machine file of which only the kind of system and an NVIDIA card are known."""
    for family in ("windows", "linux"):
        facts = msgspec.convert(
            {"os": {"family": family}, "gpus": [{"vendor": "nvidia"}], "driver": {"nvml": "ok"}},
            MachineFacts,
        )
        for profile in knowledge.profiles:
            blocking = [s for s in ids(knowledge, facts, profile.id).values() if s == "blocks"]
            assert not blocking, profile.id


BARE: list[dict[str, Any]] = [
    {"os": {"family": family}, **gpus, **more}
    for family in ("windows", "linux", "macos")
    for gpus in (
        {},
        {"gpus": [{"vendor": "nvidia"}]},
        {"gpus": [{"vendor": "amd"}, {"vendor": "other"}]},
        {"gpus": [{"vendor": "nvidia", "compute_capability": c} for c in ("14.0", "6.1")]},
    )
    for more in (
        {"driver": {"version": None, "nvml": None}},
        {"driver": {"version": "391.35", "nvml": "mismatch"}},
        {
            "driver": {"version": None, "nvml": "mismatch"},
            "memory": {"available": GIB},
            "cpu": {"avx2": False},
        },
        {
            "driver": {"nvml": "missing"},
            "leftovers": [{"id": "a", "kind": "venv", "path": "/u"}],
            "disks": [{"root": "C:\\", "free": 1}, {"root": "/", "free": 1}],
        },
    )
]


def test_texts_about_what_is_not_known_are_sentences(knowledge: Knowledge) -> None:
    """No finding on a machine file full of holes says ``unknown`` where the thing should be named."""
    for machine in BARE:
        facts = msgspec.convert(machine, MachineFacts)
        for chosen in (None, *knowledge.profiles):
            for found in findings(facts, knowledge.rules, knowledge.cards, chosen):
                whole = f"{found.title} {found.detail} {found.seen} {found.remedy}"
                assert "None" not in whole
                assert not re.search(r"\b(for|on|in|driver|below) unknown\b|^unknown", whole), (
                    found.id,
                    whole,
                )
                assert not found.seen.startswith("unknown"), (found.id, found.seen)


def test_the_words_for_what_is_not_known_are_those_of_facts(knowledge: Knowledge) -> None:
    assert set(knowledge.rules.unknown) <= set(NAMES)


def test_every_limit_has_a_source_and_a_date_and_is_used(knowledge: Knowledge) -> None:
    from app.model.condition import names_in

    used = {name for rule in knowledge.rules.rules for name in names_in(rule.when)} | {
        "limit.capability_oldest",
        "limit.capability_newest",
    }
    for limit in knowledge.rules.thresholds:
        assert limit.source
        assert len(limit.date) == 10
        assert "limit." + limit.id in used, limit.id
