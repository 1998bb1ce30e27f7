"""Probes the user's own pip and uv settings, so that an install can honour them.

Read on purpose from their files and variables.

Shows what ``pip config list -v`` and ``uv pip install -v`` show. Values may hold passwords:
``network`` shows them without.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from app.model import limits
from app.model.home_layout import HomeLayout
from app.model.machine import Setting
from app.model.toml_depth import deep_key
from app.ports import System

# What bends where packages come from; other settings of pip and uv do not concern an install from a
# lock.
_PIP_KEYS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "proxy",
    "cert",
    "trusted-host",
)
_UV_KEYS = (
    "default-index",
    "index",
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "python-install-mirror",
    "python-downloads-json-url",
)
_UV_VARIABLES = {
    "UV_DEFAULT_INDEX": "default-index",
    "UV_INDEX": "index",
    "UV_INDEX_URL": "index-url",
    "UV_EXTRA_INDEX_URL": "extra-index-url",
    "UV_FIND_LINKS": "find-links",
    "UV_NO_INDEX": "no-index",
    "UV_PYTHON_INSTALL_MIRROR": "python-install-mirror",
    "UV_PYTHON_DOWNLOADS_JSON_URL": "python-downloads-json-url",
}
_SECTIONS = ("global", "install", "download")


def pip(system: System) -> dict[str, Setting]:
    """``pip config list``: the strongest value of each key; later files win, variables win over
    files.
    """
    found: dict[str, Setting] = {}
    for path in _pip_files(system):
        for name, value in _read_ini(system.files.read(path)):
            if name in _PIP_KEYS:
                found[name] = Setting(name=name, value=value, origin=f"pip: {path}")
    for variable, value in _variables_in_capitals(system).items():
        name = variable.removeprefix("PIP_").lower().replace("_", "-")
        if variable.startswith("PIP_") and name in _PIP_KEYS and value:
            found[name] = Setting(name=name, value=value, origin=f"pip: {variable}")
    return found


def uv(system: System) -> dict[str, Setting]:
    """uv's own files (``uv.toml`` of the system, then of the user) and variables; the same order of
    strength.
    """
    found: dict[str, Setting] = {}
    variables = _variables_in_capitals(system)
    if variables.get("UV_NO_CONFIG", "").lower() not in ("1", "true", "yes"):
        for path in _uv_files(system):
            for name, value in _read_toml(system.files.read(path)):
                found[name] = Setting(name=name, value=value, origin=f"uv: {path}")
    for variable, name in _UV_VARIABLES.items():
        if variables.get(variable):
            found[name] = Setting(name=name, value=variables[variable], origin=f"uv: {variable}")
    return found


def split_items(setting: Setting | None) -> tuple[str, ...]:
    """A list setting's items: pip separates by white space and lines, uv by commas as well;
    ``name=address`` loses its name.
    """
    if setting is None:
        return ()
    parts = re.split(
        r"[\s,]+" if setting.origin.startswith("uv") else r"\s+", setting.value.strip()
    )
    return tuple(re.sub(r"^[\w.-]+=(?=[a-z+]+:|/)", "", part) for part in parts if part)


def _variables_in_capitals(system: System) -> dict[str, str]:
    return {name.upper(): value for name, value in system.computer.variables().items()}


def _pip_files(system: System) -> tuple[str, ...]:
    """pip's files, weakest first ("Configuration", pip documentation). ``os.devnull`` in
    ``PIP_CONFIG_FILE`` means none.
    """
    chosen = _variables_in_capitals(system).get("PIP_CONFIG_FILE", "")
    if chosen.lower() in ("/dev/null", "nul"):
        return ()
    join = HomeLayout("", system.computer.family).join
    profile = system.computer.known_folder("profile") or ""
    if system.computer.family == "windows":
        common, roaming = (
            system.computer.known_folder("common"),
            system.computer.known_folder("roaming"),
        )
        files = [join(common, "pip", "pip.ini")] if common else []
        files += [join(profile, "pip", "pip.ini")] + (
            [join(roaming, "pip", "pip.ini")] if roaming else []
        )
    else:
        variables = _variables_in_capitals(system)
        files = [
            join(folder, "pip", "pip.conf")
            for folder in variables.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
            if folder
        ]
        files += [
            "/etc/pip.conf",
            join(profile, ".pip", "pip.conf"),
            join(_config_home(system, profile), "pip", "pip.conf"),
        ]
    return (*files, chosen) if chosen else tuple(files)


def _uv_files(system: System) -> tuple[str, ...]:
    """uv's files, weakest first ("Configuration files", uv documentation)."""
    chosen = _variables_in_capitals(system).get("UV_CONFIG_FILE")
    if chosen:
        return (chosen,)
    join = HomeLayout("", system.computer.family).join
    if system.computer.family == "windows":
        folders = (system.computer.known_folder("common"), system.computer.known_folder("roaming"))
        return tuple(join(folder, "uv", "uv.toml") for folder in folders if folder)
    profile = system.computer.known_folder("profile") or ""
    return (
        "/etc/uv/uv.toml",
        "/etc/xdg/uv/uv.toml",
        join(_config_home(system, profile), "uv", "uv.toml"),
    )


def _config_home(system: System, profile: str) -> str:
    return _variables_in_capitals(system).get("XDG_CONFIG_HOME") or HomeLayout(
        "", system.computer.family
    ).join(profile, ".config")


def _read_ini(data: bytes | None) -> Iterator[tuple[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string((data or b"")[: limits.ANSWERS].decode("utf-8-sig", "replace"))
    except configparser.Error:
        return  # pip itself refuses such a file
    for section in _SECTIONS:
        if parser.has_section(section):
            for name, value in parser.items(section):
                if value and value.strip():
                    yield name.lower().replace("_", "-"), " ".join(value.split())


def _read_toml(data: bytes | None) -> Iterator[tuple[str, str]]:
    text = (data or b"")[: limits.ANSWERS].decode("utf-8", "replace")
    try:
        whole = {} if deep_key(text) else tomllib.loads(text)
    except (ValueError, RecursionError):
        return  # uv itself refuses such a file
    for table in (whole, whole.get("pip")):
        if isinstance(table, dict):
            yield from _uv_table(table)


def _uv_table(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    indexes = (
        [entry for entry in table.get("index", ()) if isinstance(entry, dict) and entry.get("url")]
        if isinstance(table.get("index"), list)
        else []
    )
    plain = [
        str(entry["url"])
        for entry in indexes
        if not entry.get("default") and not entry.get("explicit")
    ]
    main = [str(entry["url"]) for entry in indexes if entry.get("default")]
    if main:
        yield "default-index", main[0]
    if plain:
        yield "index", " ".join(plain)
    for name in _UV_KEYS[2:]:
        value = table.get(name)
        if isinstance(value, list):
            yield name, " ".join(str(item) for item in value)
        elif value not in (None, ""):
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
