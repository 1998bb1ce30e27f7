"""What must be somebody although nobody told: folders of users, host names, addresses.

These rules come after the names that are known. A rule is written as in ``secret_patterns``.
"""

from __future__ import annotations

import ipaddress
import re

from app.decide.redaction.identities import (
    BEGIN,
    NOBODY,
    SEPARATOR,
    STAND_IN,
    RedactionRule,
    stand_in,
)


def _mask_user_folder(match: re.Match[str]) -> str:
    before, name = match.group(1), match.group(2)
    if (
        name.lower().strip() in NOBODY
        or STAND_IN.fullmatch(name)
        or name.startswith(("<", "$", "%", "{", "*"))
    ):
        return match.group()
    return before + stand_in(name)


# A package (also in a list with its versions in a column) or a word that says that a version comes.
_VERSION_BEFORE = re.compile(
    r"(?:[=<>~!]=\s*|(?:(?:nvidia|cudnn|cublas|nccl)[\w.-]*|-cu\d\d)"
    r"(?:[ \"']+(?:version|driver|release|build))*\W{0,40}"
    r"|(?:version|driver|release|build|firmware|bios|revision|runtime|toolkit)[\w.-]{0,12}\W{0,4}|[a-z]-)$",
    re.IGNORECASE,
)


# What says that four numbers are an address, before or behind them.
_ADDRESS_BEFORE = re.compile(
    r"\b(?:connect\w*|verbind\w*|host\w*|peer|ip|ipv4|addr(?:ess\w*)?|adresse\w*|inet|ping\w*|proxy|"
    r"server|dns|nameserver|gateway|rout\w*|listen\w*|bind|dial|tcp|udp|socket|remote|client|ssh|"
    r"login|logged|user|resolve[sd]?|forwarded\S*|real-ip|hop|trace\w*|whois|fetch\w*|download\w*|"
    r"request\w*|reach\w*|internet|public|http\w*)\b[^\n]{0,40}$|(?:://|@|\[|\(|->\s?|[|,]\s?)$",
    re.IGNORECASE,
)


_ADDRESS_BEHIND = re.compile(
    r":\d{2,5}\b|/\d{1,2}\b|\]| port\b|,\d{2,5}\b| ?->|\s+\d+(?:\.\d+)? ms\b|"
    r"[ :]+(?:failed|refused|timed|unreachable|did not|no route|closed|reset|logged|is)",
    re.IGNORECASE,
)


_VERSION_BEHIND = re.compile(
    r"\s+[a-z]+_[a-z_]+\b|\s*(?:cuda|cudnn|runtime|driver)|[-_.]?(?:py\d|whl|dll|exe|tar|zip|so)\b",
    re.IGNORECASE,
)


_SMALL = 32  # below it each: the parts of a version as often as of an address


def _is_version(match: re.Match[str]) -> bool:
    """Whether four numbers are rather a version: what stands around them decides, else their size."""
    before = match.string[max(0, match.start() - 80) : match.start()].rpartition("\n")[2]
    behind = match.string[match.end() : match.end() + 24].partition("\n")[0]
    if _VERSION_BEHIND.match(behind) or (
        _VERSION_BEFORE.search(before[-60:])
        and not (_ADDRESS_BEFORE.search(before) or _ADDRESS_BEHIND.match(behind))
    ):
        return True
    if _ADDRESS_BEFORE.search(before) or _ADDRESS_BEHIND.match(behind):
        return False
    return max(map(int, match.group().split("."))) < _SMALL


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _mask_ip_address(match: re.Match[str]) -> str:
    """A public address; private ones, documentation and version numbers stay."""
    text = match.group().rstrip(":")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return match.group()
    if isinstance(address, ipaddress.IPv4Address):
        public = address.is_global and not _is_version(match)
    else:
        inner = address.ipv4_mapped or (
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
        )
        public = (
            inner.is_global
            if inner is not None
            else address.is_global and 2 <= int(address) >> 124 <= 3
        )
    return "<public-address>" + match.group()[len(text) :] if public else match.group()


_FOLDERS = r"Users|Benutzer|Utilisateurs|Usuarios|Utenti|(?<=[\\/])home|Documents and Settings|Dokumente und Einstellungen"


_IN_NAME = r"(?:\\u[0-9a-fA-F]{4}|[^\\/:*?\"'<>|\s%]|%(?!5[Cc]|2[Ff]))"


_IN_LAST = r"(?:\\u[0-9a-fA-F]{4}|[^\\/:*?\"'<>|\s%,;)\]}]|%(?!5[Cc]|2[Ff]))"


# After the names that are known: what else must be somebody.
LAST: tuple[RedactionRule, ...] = (
    RedactionRule(
        "user",
        re.compile(
            rf"({BEGIN}(?:{_FOLDERS}){SEPARATOR})({_IN_NAME}{{1,64}}(?: {_IN_NAME}{{1,64}}){{0,3}}(?={SEPARATOR})"
            rf"|{_IN_LAST}+)",
            re.IGNORECASE,
        ),
        _mask_user_folder,
    ),
    RedactionRule(
        "host", re.compile(r"\b(?:DESKTOP-|LAPTOP-|WIN-)[A-Z0-9]{5,12}\b"), lambda _: "host"
    ),
    RedactionRule(
        "user",
        re.compile(
            r"^(\[?)(?!user@host\b)[\w.-]{1,64}@[\w.-]{1,64}(?=[ :][^\n]{0,120}[$#])", re.MULTILINE
        ),
        lambda m: m.group(1) + "user@host",
        re.compile(r"@[\w.-]+[ :]"),
    ),
    RedactionRule(
        "public-address",
        re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d|-[A-Za-z]|\+cu)"),
        _mask_ip_address,
        re.compile(r"\.\d{1,3}\.\d{1,3}\.\d"),
    ),
    RedactionRule(
        "public-address",
        re.compile(
            r"(?<![\w:.])(?:[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}|(?:(?:0{1,4}:){0,4}|::)(?:0{0,4}:)?"
            r"ffff:[\d.]{7,15}|::ffff:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}|64:ff9b::[\d.a-fA-F:]{2,15})(?![\w:])",
            re.IGNORECASE,
        ),
        _mask_ip_address,
        re.compile(r"::|:[0-9a-f]{1,4}:[0-9a-f]{1,4}:"),
    ),
)
