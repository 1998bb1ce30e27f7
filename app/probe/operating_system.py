r"""Probes the system itself: processor, memory, disks, variables, home folder.

Windows or Linux; variables that disturb are named.

Shows what ``systeminfo``, ``winver``, ``uname -a``, ``lscpu``, ``free -b``, ``df -T`` and ``set``
show.
"""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from typing import Any

from app.decide.redaction.secret_names import HOLDS_SECRET, SIGNED
from app.model.home_layout import HomeLayout
from app.model.machine import Cpu, Disk, Home, Memory, Os, SmartAppControl
from app.ports import System
from app.probe.home import home_state

_CODE_PAGE = r"SYSTEM\CurrentControlSet\Control\Nls\CodePage"
# VerifiedAndReputablePolicyState (Smart App Control: 0 off, 1 on, 2 evaluation) and SkuPolicyRequired (1 in S mode)
_CODE_INTEGRITY = r"SYSTEM\CurrentControlSet\Control\CI\Policy"
# EnableControlledFolderAccess: 0 off, 1 block, 2 audit (Microsoft Defender, Set-MpPreference)
_CONTROLLED_FOLDERS = (
    r"Microsoft\Windows Defender\Windows Defender Exploit Guard\Controlled Folder Access"
)
_FILE_SYSTEM = r"SYSTEM\CurrentControlSet\Control\FileSystem"

# Each of these has broken an install or a training run; anything else of a person's settings is not
# our business.
_DISTURBING = frozenset(
    (
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PYTHONUSERBASE",
        "PYTHONNOUSERSITE",
        "PYTHONUTF8",
        "PYTHONIOENCODING",
        "CC",
        "CXX",
        "CFLAGS",
        "CXXFLAGS",
        "LDFLAGS",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "NVCC_PREPEND_FLAGS",
        "CONDA_PREFIX",
        "CONDA_DEFAULT_ENV",
        "CONDA_SHLVL",
        "VIRTUAL_ENV",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSLKEYLOGFILE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "KMP_DUPLICATE_LIB_OK",
        "KMP_AFFINITY",
        "OMP_NUM_THREADS",
        "MKL_THREADING_LAYER",
        "PYTORCH_CUDA_ALLOC_CONF",
        "PYTORCH_ALLOC_CONF",
        "NVIDIA_VISIBLE_DEVICES",
        "TRANSFORMERS_CACHE",
        "TRANSFORMERS_OFFLINE",
        "HF_HOME",
        "ACCELERATE_USE_DEEPSPEED",
        "BNB_CUDA_VERSION",
        "DISTUTILS_USE_SDK",
        "VSCMD_VER",
        "NETRC",
    )
)
_DISTURBING_STARTS = (
    "PIP_",
    "UV_",
    "CUDA_",
    "HF_",
    "TORCH_",
    "TORCHINDUCTOR_",
    "TRITON_",
    "UNSLOTH_",
    "XFORMERS_",
    "NCCL_",
    "CUDNN_",
    "HUGGING_FACE_",
    "WANDB_",
)
_OWN = "UNSLOTH_SETUP_"
# A login in an address, up to the last "@" of that address (people paste passwords with "@" and "/"
# unescaped); or a bare "name:password@" as proxies are written without a scheme; and signed parts
# behind a "?".
_LOGIN = re.compile(r"(?<=://)(?:(?![,;]\w+://)\S)*@|(?<![^\s,;=])[^\s/\\@:]+:[^\s/\\]+@")
_SIGNED = re.compile(rf"([?&]{SIGNED}=)[^&#\s]+", re.IGNORECASE)
HIDDEN = "(hidden)"


def without_secrets(name: str, value: str) -> str:
    """The value as it may be shown: no login in addresses, nothing at all where the name says it is
    a secret.
    """
    return (
        HIDDEN
        if value and (HOLDS_SECRET.search(name) or "USERNAME" in name.upper())
        else _SIGNED.sub(rf"\1{HIDDEN}", _LOGIN.sub("", value))
    )


def system(system: System, facts: dict[str, Any]) -> Os:
    r"""``winver``, ``uname -a``; long paths: ``reg query
    HKLM\SYSTEM\CurrentControlSet\Control\FileSystem``.
    """
    return Os(
        family=system.computer.family,
        name=facts.get("name"),
        build=facts.get("build"),
        arch=facts.get("arch"),
        long_paths=_has_long_paths(system),
        is_admin=facts.get("is_admin"),
        locale=facts.get("locale"),
        code_page=_find_code_page(system),
        s_mode=_switch(system, _CODE_INTEGRITY, "SkuPolicyRequired"),
        smart_app_control=_find_smart_app_control(system),
        controlled_folders=_are_folders_controlled(system),
        wsl=facts.get("wsl"),
    )


def _find_code_page(system: System) -> int | None:
    """``chcp`` shows the console's; this is the one of programs without Unicode ("ACP")."""
    if system.computer.family != "windows":
        return None
    key = system.registry.key("HKLM", _CODE_PAGE)
    number = str(key.values.get("ACP", "")) if key else ""
    return int(number) if number.isdecimal() and len(number) < 6 else None


def _number(system: System, path: str, name: str) -> int | None:
    if system.computer.family != "windows":
        return None
    key = system.registry.key("HKLM", path)
    value = key.values.get(name) if key else None
    return value if isinstance(value, int) else None


def _switch(system: System, path: str, name: str) -> bool | None:
    """A switch that is on at 1; other numbers only watch. ``None`` where Windows does not have it."""
    number = _number(system, path, name)
    return None if number is None else number == 1


def _are_folders_controlled(system: System) -> bool | None:
    """An administrator's policy goes before the person's own switch."""
    for above in (r"SOFTWARE\Policies", "SOFTWARE"):
        path = rf"{above}\{_CONTROLLED_FOLDERS}"
        found = _switch(system, path, "EnableControlledFolderAccess")
        if found is not None:
            return found
    return None


def _find_smart_app_control(system: System) -> SmartAppControl | None:
    """*Windows Security > App & browser control* shows the same."""
    number = _number(system, _CODE_INTEGRITY, "VerifiedAndReputablePolicyState")
    states: dict[int | None, SmartAppControl] = {0: "off", 1: "on", 2: "evaluation"}
    return states.get(number)


def _has_long_paths(system: System) -> bool | None:
    if system.computer.family != "windows":
        return True
    key = system.registry.key("HKLM", _FILE_SYSTEM)
    return bool(key.values.get("LongPathsEnabled")) if key else None


def cpu(facts: dict[str, Any]) -> Cpu:
    """``lscpu``; ``wmic cpu get name,numberofcores``."""
    return Cpu(
        name=facts.get("cpu_name"),
        cores=facts.get("cores"),
        threads=facts.get("threads"),
        avx2=facts.get("avx2"),
    )


def memory(facts: dict[str, Any]) -> Memory:
    """``free -b``; ``systeminfo``."""
    return Memory(total=facts.get("memory_total"), available=facts.get("memory_available"))


def disks(system: System, place: HomeLayout) -> tuple[Disk, ...]:
    """``df -T``; ``wmic logicaldisk``. The volume of the home folder is always among them."""
    found = system.computer.disks()
    own = system.files.disk(place.home)
    if own is not None and own.root not in {disk.root for disk in found}:
        found = (*found, own)
    return found


def variables(system: System) -> dict[str, str]:
    """``set``, ``env``: those variables that bend Python, pip, uv, CUDA or a compiler; secrets
    taken out.
    """
    return {
        name: without_secrets(name, value)
        for name, value in sorted(system.computer.variables().items())
        if _is_disturbing(name.upper())
    }


def _is_disturbing(name: str) -> bool:
    return (name in _DISTURBING or name.startswith(_DISTURBING_STARTS)) and not name.startswith(
        _OWN
    )


def home(system: System, place: HomeLayout) -> Home:
    """The home folder: can it be written, is it ours or may it become so, and does OneDrive copy it
    away (``echo %OneDrive%``). Nothing is made there.
    """
    volume = system.files.disk(place.home)
    return Home(
        path=place.home,
        temp=system.computer.known_folder("temp"),
        on_onedrive=_on_onedrive(system, place.home),
        writable=system.files.writable(place.home),
        refused=home_state(system, place).refused,
        volume=volume.root if volume is not None else None,
    )


def _on_onedrive(system: System, path: str) -> bool:
    if system.computer.family != "windows":
        return False
    whole = PureWindowsPath(path)
    roots = [
        value
        for name, value in system.computer.variables().items()
        if name.upper().startswith("ONEDRIVE") and value
    ]
    if any(whole.is_relative_to(PureWindowsPath(root)) for root in roots):
        return True
    # A business account's folder is called "OneDrive - Company"; a child process may lack the
    # variables.
    return any(
        part.lower() == "onedrive" or part.lower().startswith("onedrive - ") for part in whole.parts
    )
