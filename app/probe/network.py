"""Where packages come from on this machine, and whether that can be reached.

Shows what ``pip config list``, ``netsh winhttp show proxy`` and ``curl -I INDEX`` show.
"""

from __future__ import annotations

import re
import threading
from urllib.parse import unquote, urlsplit

from app.model import limits
from app.model.answers import SYSTEM, SYSTEM_ALONE, Answers
from app.model.machine import Network, Note, Reach, Setting
from app.model.sources import Sources, is_address
from app.model.value import Value
from app.ports import System
from app.probe import settings as own
from app.probe.operating_system import without_secrets

_INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_DEFAULT = re.compile(r"--default-index.*?default:\s*<\s*([^>\s]+)\s*>", re.DOTALL)
# What a fault of an index page says of the index. Any other code: it cannot be reached.
_UNTRUSTED = ("tls_intercepted", "server_certificate_expired")
_BLOCKED = (
    "captive_portal",
    "redirect_loop",
    "index_denied",
    "proxy_needs_password",
    "too_many_requests",
    "server_error",
)


class Reached(Value, frozen=True, kw_only=True):
    """The network, and what a reader of it should know."""

    network: Network = Network()
    notes: tuple[Note, ...] = ()


def network(system: System, answers: Answers | None = None) -> Reached:
    """Proxy, the user's package settings, and both indexes asked at the same time (``curl -I
    ADDRESS``).
    """
    where = sources(system, answers or Answers())
    shown = settings(system)
    if where.offline:
        return Reached(
            network=Network(settings=shown),
            notes=(Note(about="network", text="not asked: an offline bundle is used"),),
        )
    index = where.index or default_index(system)
    pytorch: list[tuple[Reach, str]] = []
    beside = threading.Thread(
        target=lambda: pytorch.append(
            _check_reach(system, _project_page(where.pytorch_index, "torch"))
        ),
        name="reach-pytorch",
        daemon=True,
    )
    beside.start()
    first: tuple[Reach, str] = (
        _check_reach(system, _project_page(index, "pip")) if index else ("unknown", "")
    )
    beside.join(limits.REACHING)
    second: tuple[Reach, str] = pytorch[0] if pytorch else ("unknown", "")
    notes = (
        []
        if index
        else [Note(about="network.index", text="uv did not say which index it asks by default")]
    )
    if where.refused:
        notes.append(Note(about="network.index", text=where.refused))
    if where.proxy_script:
        explanation = (
            "no proxy for the index"
            if where.proxy is None
            else f"{_strip_login(where.proxy)} for the index"
        )
        notes.append(
            Note(
                about="network.proxy",
                text="Windows takes its proxy from a script, "
                f"{without_secrets('', where.proxy_script)}: {explanation}",
            )
        )
    return Reached(
        network=Network(
            proxy=system.web.proxy() or _strip_login(where.proxy),
            index=first[0],
            index_fault=first[1],
            pytorch=second[0],
            pytorch_fault=second[1],
            settings=shown,
            at_hand=_wheels_at_hand(system, where),
        ),
        notes=tuple(notes),
    )


def _wheels_at_hand(system: System, where: Sources) -> tuple[str, ...]:
    """PyTorch's wheels in the user's find-links folders (``ls FOLDER/torch*.whl``): for them no
    index has to be reached.
    """
    names = {
        unquote(name)
        for folder in where.find_links
        if "://" not in folder
        for name in system.files.names(folder)
    }
    return tuple(
        sorted(
            n
            for n in names
            if n.startswith(("torch-", "torchvision-", "torchaudio-")) and n.endswith(".whl")
        )
    )


def _project_page(index: str, name: str) -> str:
    """A single project's page: the list of all projects has tens of megabytes. A folder of pages
    stands for itself.
    """
    return index if index.startswith("file://") else f"{index.rstrip('/')}/{name}/"


def _check_reach(system: System, address: str) -> tuple[Reach, str]:
    """How far an index answers, and in a sentence what stands between."""
    if address.startswith("file://"):
        folder = unquote(urlsplit(address).path)
        folder = folder.lstrip("/") if folder[2:3] == ":" else folder
        if system.files.exists(folder):
            return "reachable", ""
        return "unreachable", f"The folder {folder} is not there."
    fault = system.web.examine(address)
    # Some indexes have no list of all projects, only single pages.
    if fault is None or fault.code == "file_missing":
        return "reachable", ""
    reach: Reach = (
        "untrusted"
        if fault.code in _UNTRUSTED
        else "blocked"
        if fault.code in _BLOCKED
        else "unreachable"
    )
    return reach, without_secrets("", fault.message)


def default_index(system: System) -> str | None:
    """The index that uv asks when nobody says otherwise, as ``uv pip install --help`` prints it. No
    address is ours.
    """
    answer = system.processes.capture(
        [system.computer.uv(), "pip", "install", "--help"], seconds=limits.TOOL
    )
    found = _DEFAULT.search(answer.out)
    return found[1] if found else None


def settings(system: System) -> tuple[Setting, ...]:
    """``pip config list`` and uv's: every setting that bends where packages come from, without
    logins.
    """
    return tuple(
        Setting(name=item.name, value=without_secrets("", item.value), origin=item.origin)
        for item in (*own.uv(system).values(), *own.pip(system).values())
    )


def sources(system: System, answers: Answers) -> Sources:
    """Where an install takes packages from: answers first, then uv's settings, then pip's, then the
    defaults.

    May hold passwords: for children and downloads only. Lists are joined, as a lock with hashes
    cannot be misled by them.
    """
    uv, pip, refused = _usable_settings(own.uv(system), own.pip(system))
    index = (
        answers.index
        or _first_word(uv.get("default-index"))
        or _first_word(uv.get("index-url"))
        or _first_word(pip.get("index-url"))
    )
    extra = (
        *answers.extra_indexes,
        *own.split_items(uv.get("index")),
        *own.split_items(uv.get("extra-index-url")),
        *own.split_items(pip.get("extra-index-url")),
    )
    pytorch = answers.pytorch_index or Sources().pytorch_index
    proxy, no_proxy, script, detect = _find_proxy(system, answers, pip, index, pytorch)
    links = (
        *answers.find_links,
        *own.split_items(uv.get("find-links")),
        *own.split_items(pip.get("find-links")),
    )
    return Sources(
        index=index,
        extra_indexes=tuple(dict.fromkeys(extra)),
        find_links=tuple(dict.fromkeys(links)),
        python_mirror=answers.python_mirror or _stripped_value(uv.get("python-install-mirror")),
        python_list=answers.python_list or _stripped_value(uv.get("python-downloads-json-url")),
        pytorch_index=pytorch,
        proxy=proxy,
        no_proxy=no_proxy,
        proxy_script=script,
        proxy_detect=detect,
        certificate=_find_certificate_bundle(system, answers, pip),
        offline=answers.offline,
        refused="" if answers.offline else refused,
    )


_INDEXES = ("default-index", "index", "index-url", "extra-index-url")


def _usable_settings(
    uv: dict[str, Setting], pip: dict[str, Setting]
) -> tuple[dict[str, Setting], dict[str, Setting], str]:
    """Both tools' settings without those that name no address, and a sentence about the first."""
    refused = ""
    kept: list[dict[str, Setting]] = []
    for settings_of in (uv, pip):
        good: dict[str, Setting] = {}
        for name, item in settings_of.items():
            wrong = (
                [w for w in own.split_items(item) if not is_address(w)] if name in _INDEXES else []
            )
            if not wrong:
                good[name] = item
            elif not refused:
                refused = (
                    f"The setting {name} ({item.origin}) names {without_secrets('', wrong[0])!r}, "
                    f"which is no address; expected one that begins with https:// or file://."
                )
        kept.append(good)
    return kept[0], kept[1], refused


def _find_proxy(
    system: System, answers: Answers, pip: dict[str, Setting], index: str | None, pytorch: str
) -> tuple[str | None, str | None, str | None, bool]:
    """Proxy, its exceptions, the proxy script, whether to look for one. What a person chose goes
    before what Windows says.

    A script says something else for each host. Children know one proxy only: they get the index's,
    and hosts that the script reaches directly as exceptions. Downloads ask the script again for each
    host.
    """
    chosen = answers.proxy or _chosen_proxy(system, pip)
    script, detect = (None, False) if chosen or answers.offline else _proxy_script_settings(system)
    if not script and not detect:
        return (
            _with_scheme(chosen or _windows_proxy(system)),
            _find_proxy_exceptions(system),
            None,
            False,
        )
    ours = [
        address
        for address in (index or default_index(system), pytorch)
        if address and address.startswith("http")
    ]
    answers_by_address = {
        address: system.computer.proxy_of_script(address, script, detect) for address in ours
    }
    if not any(
        answers_by_address.values()
        # nothing detected, or a script that cannot be had: then the fixed setting counts, as in
        # Windows
    ):
        return (
            _with_scheme(_windows_proxy(system)),
            _find_proxy_exceptions(system),
            script,
            detect and script is not None,
        )
    direct = [
        urlsplit(address).hostname or ""
        for address, answer in answers_by_address.items()
        if answer == "direct"
    ]
    named = [answer for answer in answers_by_address.values() if answer not in (None, "direct")]
    return (named[0] if named else None), (",".join(dict.fromkeys(direct)) or None), script, detect


def _stripped_value(setting: Setting | None) -> str | None:
    """A setting that is one address or one path, which may have spaces."""
    return setting.value.strip() or None if setting is not None else None


def _first_word(setting: Setting | None) -> str | None:
    found = own.split_items(setting)
    return found[0] if found else None


def _first_variable(system: System, *names: str) -> str | None:
    """The first of these variables that is set, whatever its case."""
    variables = {name.upper(): value for name, value in system.computer.variables().items()}
    return next((variables[name] for name in names if variables.get(name)), None)


def _chosen_proxy(system: System, pip: dict[str, Setting]) -> str | None:
    """What a person chose: variables, then pip's setting."""
    return _first_variable(system, "HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY") or _first_word(
        pip.get("proxy")
    )


def _windows_proxy(system: System) -> str | None:
    """The fixed proxy of Windows' Internet settings."""
    values = _internet_settings(system)
    if values.get("ProxyEnable") != 1:
        return None
    server = str(values.get("ProxyServer", ""))
    parts = dict(part.split("=", 1) for part in server.split(";") if "=" in part)
    return parts.get("https") or parts.get("http") or ("" if parts else server) or None


def _with_scheme(proxy: str | None) -> str | None:
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _proxy_script_settings(system: System) -> tuple[str | None, bool]:
    r"""The proxy script's address, and whether one is looked for: byte 8 of
    ``DefaultConnectionSettings``, bit 3.
    """
    if system.computer.family != "windows":
        return None, False
    address = str(_internet_settings(system).get("AutoConfigURL") or "").strip() or None
    key = system.registry.key("HKCU", _INTERNET + r"\Connections")
    raw = key.values.get("DefaultConnectionSettings") if key else None
    return address, isinstance(raw, bytes) and len(raw) > 8 and bool(raw[8] & 0x08)


def _find_proxy_exceptions(system: System) -> str | None:
    chosen = _first_variable(system, "NO_PROXY")
    values = _internet_settings(system)
    if not chosen and values.get("ProxyEnable") == 1 and values.get("ProxyOverride"):
        hosts = [host.strip().lstrip("*") for host in str(values["ProxyOverride"]).split(";")]
        chosen = ",".join(host for host in hosts if host and host != "<local>") or None
    return chosen


def _internet_settings(system: System) -> dict[str, object]:
    r"""``reg query "HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"``."""
    key = system.registry.key("HKCU", _INTERNET)
    return dict(key.values) if key else {}


def _find_certificate_bundle(
    system: System, answers: Answers, pip: dict[str, Setting]
) -> str | None:
    """A bundle that the user named; ``None`` is the system's store. A file that is not there helps
    nobody.
    """
    if answers.certificates == SYSTEM_ALONE:
        return None
    if answers.certificates not in ("", SYSTEM):
        return answers.certificates
    for path in (
        _first_variable(system, "SSL_CERT_FILE"),
        pip["cert"].value if "cert" in pip else None,
        _first_variable(system, "REQUESTS_CA_BUNDLE"),
    ):
        if path and system.files.exists(path):
            return path
    return None


def _strip_login(address: str | None) -> str | None:
    return without_secrets("", address) if address else None
