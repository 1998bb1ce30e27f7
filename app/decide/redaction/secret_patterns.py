"""What a secret looks like: tokens, keys, passwords, serial numbers, addresses, other people's
folders. A rule for each shape.

A rule is a kind, a pattern and what is put instead. Patterns are written for text that is read
(``readings``): quotes, slashes and letters stand for themselves. What is put instead never matches
a rule again.
"""

from __future__ import annotations

import ipaddress
import re

from app.decide.redaction.identities import BEGIN, NOBODY, SEPARATOR, STAND_IN, Rule, stand_in

QUOTE = r"(?:\\{0,16}[\"'])?"  # also as JSON within JSON writes it
EQUALS = QUOTE + r"\s*[:=]\s*(?:[bru](?=[\\\"']))?" + QUOTE
SCHEME = r"(?:bearer|basic|token|negotiate|ntlm|digest)\s+"
_VALUE = r"(?![<\[{(*\s])[^\s\"'<>,;&)}\]\\]"
# Values under the name of a secret that are none: switches, short numbers, paths, other variables.
_NONE = r"(?!(?:true|false|none|null|yes|no|on|off|set|unset|\d{1,5})(?![\w.+-])|[~/$%]|[a-z]:[\\/]|<|\*\*\*)"
# What stands behind such a name in source code and in sentences: calls, members, other names; a
# word alone.
_CODE = (
    r"(?![A-Za-z_][\w.]*[(\[]|(?:self|args|os|kwargs|config)\.|(?:\w+_)?(?:token|key|secret|password)\b(?!-)"
    r"|(?:str|bytes|bool|Optional)\b)"
)
_SERIAL = r"(?=[\w./-]*\d|(?-i:[A-Z]{4}))\w[\w./-]{3,}"
_NO_WORD = r"(?![A-Za-z]?[a-z]+(?:-[a-z]+)*(?:[\s.,;:!?)\"']|\Z))"
_WORDS_OF_SECRETS = (
    r"(?:token|secret|passw(?:or)?d|passphrase|pwd|pass|pat|credentials?|(?:api|access|account|auth|private|"
    r"secret|signing|encryption|subscription|deploy|license|ssh|hmac|shared)[_-]?key|accountkey|kaggle_key)"
)


def _shape(
    kind: str, pattern: str, instead: str, flags: int = re.IGNORECASE, sign: str | None = None
) -> Rule:
    """A rule whose first group, if there is one, is kept in front of what is put instead."""
    compiled = re.compile(pattern, flags)
    return Rule(
        kind,
        compiled,
        (lambda m: (m.group(1) or "") + instead) if compiled.groups else (lambda _: instead),
        re.compile(sign) if sign else None,
    )


_BLOCK = r"PRIVATE KEY(?: BLOCK)?-----"
_EOL = r"(?:\s|\\+[nr])"  # as it is, or as JSON and Python write it
_LINE_OF_KEY = r"[ \t\r]*+(?:\n|\\+[nr])[ \t]*+"
_PEM = _shape(
    "key",
    rf"-----BEGIN [A-Z0-9 ]*{_BLOCK}(?:(?:(?!-----)[\s\S]){{0,20000}}-----END [A-Z0-9 ]*{_BLOCK}"
    rf"|(?:(?:{_EOL}*[A-Za-z0-9+/=]{{16,}})+(?:{_EOL}+[A-Za-z0-9+/=]{{1,15}}(?=\s|\\|\Z))?)?)",
    "<key>",
    0,
)
# A log that begins in the middle of a key. Possessive: lines that no end follows are read once.
_PEM_END = _shape(
    "key",
    rf"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{{16,}}+{_LINE_OF_KEY}){{1,64}}+"
    rf"(?:[A-Za-z0-9+/=]{{1,76}}+{_LINE_OF_KEY}){{0,2}}+-----END [A-Z0-9 ]*{_BLOCK}",
    "<key>",
    0,
)

# The value of a member of JSON (or a literal of Python) whose name says that it is secret: all of
# it, quotes within too.
SECRET_NAME = re.compile(
    rf"(?:\w*[_.-])?{_WORDS_OF_SECRETS}|(?:[a-z]+)?authorization|(?:set-)?cookie|[\w-]*(?:api-key|auth-token)"
    r"|(?-i:[a-z]+(?:Token|Secret|Password|Key))|(?-i:[A-Z_]*(?:PASSWORD|PASSWD|TOKEN))",
    re.IGNORECASE,
)
HARMLESS_VALUE = re.compile(
    r"(?:true|false|none|null|disabled?|enabled?|\*+|<[a-z-]+>)\Z", re.IGNORECASE
)

SHAPES: tuple[Rule, ...] = (
    _PEM,
    _PEM_END,
    _shape("key", r"(Private-Lines:\s*\d+)(?:(?:\s|\\+[nr])+[A-Za-z0-9+/=]{8,})+", r" <key>"),
    # ---- logins in addresses: a password may hold an @ or a slash as it is, so the last @ of the
    # word ends it
    _shape(
        "password",
        r"(://)(?!<)[^\s/@:\"'<>]{0,100}:(?!\d+/)(?![/<])[^\s/\"'<>]{1,100}@(?=[\w\[.-])",
        "<login>@",
    ),
    _shape("password", r"(://)(?!git@|<)[^\s/@\"'<>]{1,300}@(?=[\w\[.-])", "<login>@"),
    _shape(
        "password",
        r"(://)(?!<)[^\s/@:\"'<>]{1,100}:(?!\d+/)(?![/<])[^\s\"'<>]{1,100}@(?=[\w\[.-])",
        "<login>@",
    ),
    _shape(
        "password",
        r"(://)(?!<)[^\s/@:\"'<>]{0,100}:(?!\d+/)(?![/<])[^\s\"<>]{1,100}@(?=[\w\[.-]+:\d)",
        "<login>@",
    ),
    _shape(
        "password",
        r"(?<![\w/.%@:-])(?!git@)[\w.+\\%-]{1,64}:[^\s\"'<>@/:]{3,64}@(?=[\w.-]+:\d{2,5}\b)",
        "<login>@",
        sign=r"@[\w.-]+:\d",
    ),
    _shape(
        "password",
        r"(\b(?:curl|wget)\b[^\n]{0,300}?\s(?:-u|--(?:proxy-)?user)[ =][\"']?)(?!<)[^\s\"':]+:[^\s\"']+",
        "<login>",
    ),
    # ---- headers
    _shape(
        "header",
        r"((?:proxy-)?authorization" + EQUALS + f"(?:{SCHEME})?)(?!{SCHEME})" + _VALUE + r"{3,}",
        "<token>",
    ),
    _shape("header", r"(\b(?:bearer|basic)\s+)(?![<\s])[\w.~+/=-]{12,}", "<token>"),
    _shape(
        "header",
        r"((?:set-)?cookie" + QUOTE + r"\s*:\s*" + QUOTE + r")(?![<\s\"'\\])[^\r\n\"'<>\\]+",
        "<token>",
    ),
    _shape(
        "header",
        r"((?<![a-z])(?:x-[a-z-]{0,20}(?:key|token|secret)|private-token|job-token|[a-z]+-subscription-key|api-key)"
        + EQUALS
        + r")"
        + _NONE
        + _VALUE
        + r"{6,}",
        "<token>",
    ),
    # ---- tokens that tell by their beginning whose they are
    _shape(
        "token",
        r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:(?:hf_|api_org_)(?:[A-Za-z0-9]{16,}|(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{10,})"
        r"|(?:ghp_|gho_|ghu_|ghs_|ghr_)[A-Za-z0-9]{16,}"
        r"|github_pat_\w{16,}|(?:glpat|gldt|glrt|glcbt|glptt|glsoat)-[\w-]{16,}|sk-[A-Za-z0-9_-]{12,}"
        r"|[sr]k(?:_live_|_test_)\w{16,}"
        r"|xox[abceoprs][.-][\w.-]{10,}|xapp-[\w-]{10,}|KGAT_\w{12,}|nvapi-[\w-]{16,}|wandb_v\d+_\w{16,}|npm_[A-Za-z0-9]{20,}"
        r"|gsk_[A-Za-z0-9]{16,}|r8_[A-Za-z0-9]{16,}|dckr_(?:pat|oat)_[\w-]{16,}|do[opr]_v1_[0-9a-f]{16,}|tfp_\w{16,}"
        r"|SG\.[\w-]{16,}\.[\w-]{16,}|pypi-A[\w-]{30,}|AIza[\w-]{30,}|GOCSPX-[\w-]{16,}|ya29\.[\w.-]{20,}|1//0[\w-]{30,}"
        r"|lsv2_\w{16,}|pplx-\w{16,}|secret_[A-Za-z0-9]{32,}|shp(?:at|ss)_\w{16,}|dapi[0-9a-f]{32})",
        "<token>",
        0,
    ),
    _shape("token", r"(?<![A-Za-z0-9_-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)*", "<token>", 0),
    _shape(
        "token", r"(hooks\.slack\.com/(?:services|workflows|triggers)/)(?!<)[\w/-]{10,}", "<token>"
    ),
    _shape(
        "token",
        r"((?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/)(?!<)\d+/[\w-]{10,}",
        "<token>",
    ),
    _shape("token", r"(?<![\w:])(?:bot)?\d{8,10}:AA[\w-]{30,}", "<token>", 0),
    _shape("token", r"(webhook\.office\.com/webhookb2/)(?!<)[\w@/-]{10,}", "<token>"),
    _shape(
        "token", r"([\"']_?auth[\"']\s*:\s*[\"'])(?!<)[A-Za-z0-9+/]{8,}={0,2}", "<token>"
    ),  # Docker's config.json
    # ---- keys
    _shape(
        "key",
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AGPA|AROA|AIDA|ABIA|ACCA)[0-9A-Z]{12,20}(?![A-Za-z0-9])",
        "<key>",
        0,
    ),
    _shape(
        "key",
        r"((?:aws_?(?:secret|session)\w*|secret_?access_?key|secret_?key|session_?token)"
        + EQUALS
        + r")(?!<)[\w/+=]{16,}",
        "<key>",
    ),
    _shape(
        "key",
        r"((?:account|shared_?access|primary|secondary)_?key(?:value)?"
        + EQUALS
        + r")(?!<)[\w/+=]{16,}",
        "<key>",
    ),
    # ---- named in the line
    _shape(
        "token",
        r"([?&](?:[\w-]*(?:token|signature|secret|password|passwd|credential|api[_-]?key|policy)|key|sig|key-pair-id|"
        r"x-amz-[\w-]+)=)(?!<)[^&\s\"'<>]+",
        "<token>",
    ),
    _shape(
        "token",
        r"((?:wandb|weights ?& ?biases)[^\n]{0,120}?(?<![0-9a-f]))[0-9a-f]{40}(?![0-9a-f])",
        "<token>",
    ),
    _shape(
        "password",
        r"(\bmachine\s+\S{1,200}\s+login\s+\S{1,100}\s+password\s+)(?!<)\S+",
        "<password>",
    ),
    _shape("token", r"(kaggle[^\n]{0,160}?(?<![0-9a-f]))[0-9a-f]{32}(?![0-9a-f])", "<token>"),
    _shape("token", r"(key" + EQUALS + r")(?:[0-9a-f]{32}|[0-9a-f]{40})(?![0-9a-f])", "<token>"),
    _shape(
        "token",
        r"((?<![a-z])(?:(?:hf|hub|access|auth|bearer|api|refresh|github|gh|gitlab|wandb|kaggle|"
        r"session|security)[_-]?(?:token|key)|secret(?:[_-]?(?:key|token))?|client[_-]?secret|private[_-]?key|api[_-]?key)"
        + QUOTE
        + r"\s*(?:[:=]|\bis\b)\s*(?:[bru](?=[\\\"']))?"
        + QUOTE
        + r")"
        + _NONE
        + _CODE
        + _NO_WORD
        + _VALUE
        + r"{6,}",
        "<token>",
    ),
    _shape(
        "token",
        r"((?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))[A-Z][A-Z0-9_]{0,60}(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|_PWD|_PASS|"
        r"API_?KEY|_KEY|_PAT|_CREDENTIALS?)"
        + EQUALS
        + r")(?i:"
        + _NONE
        + _CODE
        + r")"
        + _VALUE
        + r"{4,}",
        "<token>",
        0,
    ),
    _shape(
        "password",
        r"((?<![a-z])(?:password|passwd|passphrase|passwort|kennwort|contraseña|mot de passe|пароль|pwd)"
        + QUOTE
        + r"\s*[:=]\s*(?:[bru](?=[\\\"']))?"
        + QUOTE
        + r")(?!/)"
        + _NONE
        + _CODE
        + _VALUE
        + r"{3,}",
        "<password>",
    ),
    _shape(
        "password",
        r"(\b(?:password|passwort|kennwort|passphrase)\s+(?:is|ist|was)\s+[\"']?)(?![<\s])(?=[^\s\"']*\d)"
        r"[^\s\"'<>,;]{5,}",
        "<password>",
    ),
    _shape(
        "token",
        r"(--?(?:token|password|passphrase|api-key|secret|access-token|auth-token)(?:[ =][\"']?))(?![<-])[^\s\"']+",
        "<token>",
    ),
    # ---- numbers of devices
    _shape(
        "gpu-uuid",
        r"\b(?:GPU|MIG)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "<gpu-uuid>",
        sign=r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-",
    ),
    _shape(
        "uuid",
        r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])",
        "<uuid>",
        sign=r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-",
    ),
    Rule(
        "mac",
        re.compile(
            r"(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:(?:[0-9a-f]{2}\1){2})?[0-9a-f]{2}"
            r"(?![0-9a-f]|[:-][0-9a-f]{2})",
            re.IGNORECASE,
        ),
        lambda _: "<mac>",
        re.compile(r"[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-]"),
    ),
    Rule(
        "mac",
        re.compile(r"(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])", re.IGNORECASE),
        lambda m: m.group() if re.fullmatch(r"[\d.]+", m.group()) else "<mac>",
        re.compile(r"\.[0-9a-f]{4}\.[0-9a-f]{4}"),
    ),
    _shape("uuid", r"\bS-1-5-21(?:-\d{4,10}){3}(?:-\d{3,10})?\b", "<uuid>"),  # a Windows account
    _shape(
        "user",
        r"((?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\w+)\s+AAAA[\w+/=]{8,}\s+)(?!user@host)[^\s@]{1,64}@\S{1,64}",
        "user@host",
    ),
    _shape(
        "mac",
        r"(\b(?:mac|hwaddr|hw_?address|physical ?address|ethernet ?address)(?:[ _-]?addr(?:ess)?)?"
        + EQUALS
        + r")[0-9a-f]{12}(?![0-9a-z])",
        "<mac>",
    ),
    _shape(
        "serial",
        r"((?:\bserial(?:[ _]?(?:number|no\.?|nr\.?|short))?|seriennummer|numéro de série|número de serie|"
        r"service ?tag|asset ?tag|\bs/n|board_?serial|(?<![a-z])(?:id_)?serial(?:_?(?:number|short))?)[ .]*"
        + EQUALS
        + r")(?![<\s])(?!n/a|none|null|\[|unknown|to be filled|default string)"
        + _SERIAL
        + r"",
        "<serial>",
    ),
    _shape(
        "serial",
        r"(^[ \t]*serial ?number[ \t]*\r?\n[ \t]*)" + _SERIAL + r"",
        "<serial>",
        re.IGNORECASE | re.MULTILINE,
    ),
    _shape(
        "network-name",
        r"(\b(?:e?ssid(?: ?\d{1,2})?|wlan[ _-]?(?:name|profile)|wi-?fi[ _-]?(?:name|network|profile))"
        + EQUALS
        + r")(?![<\s])[^\r\n\"'<>\\]{1,64}",
        "<network-name>",
    ),
    _shape(
        "email",
        r"(?<![\w.%+-])(?!git@)[\w.+\u0300-\u036f-]{1,64}"
        r"@(?:[\w\u0300-\u036f-]+\.)+[^\W\d_]{2,24}(?![\w])",
        "<email>",
    ),
)


def _folder(match: re.Match[str]) -> str:
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
    r"|(?:version|driver|release|build)[\w.-]{0,12}\W{0,4}|[a-z]-)$",
    re.IGNORECASE,
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _address(match: re.Match[str]) -> str:
    """A public address; private ones, documentation and version numbers stay."""
    text = match.group().rstrip(":")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return match.group()
    if isinstance(address, ipaddress.IPv4Address):
        before = match.string[max(0, match.start() - 60) : match.start()]
        public = address.is_global and not _VERSION_BEFORE.search(before)
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
LAST: tuple[Rule, ...] = (
    Rule(
        "user",
        re.compile(
            rf"({BEGIN}(?:{_FOLDERS}){SEPARATOR})({_IN_NAME}{{1,64}}(?: {_IN_NAME}{{1,64}}){{0,3}}(?={SEPARATOR})"
            rf"|{_IN_LAST}+)",
            re.IGNORECASE,
        ),
        _folder,
    ),
    Rule("host", re.compile(r"\b(?:DESKTOP-|LAPTOP-|WIN-)[A-Z0-9]{5,12}\b"), lambda _: "host"),
    Rule(
        "user",
        re.compile(
            r"^(\[?)(?!user@host\b)[\w.-]{1,64}@[\w.-]{1,64}(?=[ :][^\n]{0,120}[$#])", re.MULTILINE
        ),
        lambda m: m.group(1) + "user@host",
        re.compile(r"@[\w.-]+[ :]"),
    ),
    Rule(
        "public-address",
        re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d|-[A-Za-z]|\+cu)"),
        _address,
        re.compile(r"\.\d{1,3}\.\d{1,3}\.\d"),
    ),
    Rule(
        "public-address",
        re.compile(
            r"(?<![\w:.])(?:[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}|(?:(?:0{1,4}:){0,4}|::)(?:0{0,4}:)?"
            r"ffff:[\d.]{7,15}|::ffff:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}|64:ff9b::[\d.a-fA-F:]{2,15})(?![\w:])",
            re.IGNORECASE,
        ),
        _address,
        re.compile(r"::|:[0-9a-f]{1,4}:[0-9a-f]{1,4}:"),
    ),
)
