"""The variables that children see: an allow-list.

So no stray setting of the user bends an install.
"""

from __future__ import annotations

from app.model.home_layout import HomeLayout
from app.ports import System
from app.steps.step_context import StepContext

# What programs need to run at all, and where temporary files go. Everything else stays outside: a
# stray UV_INDEX once outranked the PyTorch index and brought the processor build (unsloth #6898).
_ALLOWED = (
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "HOME",
    "USERPROFILE",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "USERNAME",
    "USER",
    "LOGNAME",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "XDG_RUNTIME_DIR",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "KMP_AFFINITY",
    # What the user chose about NVLink multicast: without these NCCL, torch and NVSHMEM go by their
    # own defaults again.
    "NCCL_NVLS_ENABLE",
    "TORCH_SYMM_MEM_DISABLE_MULTICAST",
    "NVSHMEM_DISABLE_NVLS",
)
_LOOPBACK = "localhost,127.0.0.1,::1"
_SYSTEM_PATH = {"windows": ("System32", "", "System32\\Wbem"), "linux": (), "macos": ()}


def child_environment(site: StepContext, python: str | None = None) -> dict[str, str]:
    """All variables of a child: the allow-list, the chosen proxy and certificates, and uv's own
    folders under home.

    ``python`` puts an environment's programs first on the path, as activating it would. A card that
    the user chose stays chosen; a variable that hides all of them is left out, as the findings say.
    """
    own = {
        name.upper(): (name, value)
        for name, value in site.system.computer.variables().items()
        if name.upper() not in site.left_out
    }
    env = {own[name][0]: own[name][1] for name in _ALLOWED if name in own}
    env["PATH"] = _build_search_path(
        site, own.get("SYSTEMROOT", ("", "C:\\Windows"))[1], own.get("PATH", ("", ""))[1], python
    )
    env.update(PYTHONUTF8="1", PYTHONIOENCODING="utf-8", PYTHONNOUSERSITE="1", NO_COLOR="1")
    env.update(temporary_folder(site.system, site.place))
    env.update(UNSLOTH_DISABLE_STATISTICS="1", HF_HUB_DISABLE_TELEMETRY="1")
    env.update(uv_settings(site))
    sources = site.sources
    if sources.proxy:
        env.update(HTTP_PROXY=sources.proxy, HTTPS_PROXY=sources.proxy, ALL_PROXY=sources.proxy)
    if sources.proxy or sources.no_proxy:
        # uv would ask the proxy for this computer itself, which no proxy can reach, and the index
        # would be blamed; this program's own requests go past it as well
        env["NO_PROXY"] = ",".join(filter(None, (sources.no_proxy, _LOOPBACK)))
    if site.card is not None and "CUDA_VISIBLE_DEVICES" not in own:
        env.update(CUDA_VISIBLE_DEVICES=site.card, CUDA_DEVICE_ORDER="PCI_BUS_ID")
    if sources.certificate:
        env.update(SSL_CERT_FILE=sources.certificate, REQUESTS_CA_BUNDLE=sources.certificate)
    return env


def temporary_folder(system: System, place: HomeLayout) -> dict[str, str]:
    """``TEMP`` and ``TMP`` below home, made there, where the person's own path is not plain: Triton's
    compiler finds no file whose path has letters outside Windows' code page. Empty elsewhere.
    """
    own = system.computer.known_folder("temp") or ""
    if place.family != "windows" or own.isascii():
        return {}
    folder = place.at("work", "temp")
    system.files.make_folder(folder)
    return {"TEMP": folder, "TMP": folder}


def uv_settings(site: StepContext) -> dict[str, str]:
    """uv's settings: folders below home, no configuration files, no progress redraws, the system's
    certificates.
    """
    return uv_folders(site.place)


def uv_folders(place: HomeLayout) -> dict[str, str]:
    """The same for a home; the plan as a script sets them too."""
    return {
        "UV_CACHE_DIR": place.cache,
        "UV_PYTHON_INSTALL_DIR": place.pythons,
        "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_PREFERENCE": "managed",
        "UV_SYSTEM_CERTS": "1",
        "UV_NATIVE_TLS": "1",
        "UV_HTTP_TIMEOUT": "60",
        "UV_NO_BUILD": "1",
    }


def _build_search_path(site: StepContext, system_root: str, own: str, python: str | None) -> str:
    windows = site.place.family == "windows"
    folders = [site.place.folder_of(python)] if python else []
    if windows:
        folders += [
            site.place.join(system_root, part) if part else system_root
            for part in _SYSTEM_PATH["windows"]
        ]
    else:
        folders += [
            p for p in own.split(":") if p.startswith(("/usr", "/bin", "/sbin", "/opt"))
        ] or ["/usr/bin", "/bin"]
    return (";" if windows else ":").join(folders)
