"""What a secret looks like, apart from a service's token (``service_tokens``).

Keys, passwords, serial numbers. A rule for each shape.

A rule is a kind, a pattern and what is put instead. Patterns are written for text that is read
(``decoded_views``): quotes, slashes and letters stand for themselves. What is put instead never matches
a rule again.
"""

from __future__ import annotations

import re

from app.decide.redaction.identities import (
    RedactionRule,
)

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


def _make_rule(
    kind: str,
    pattern: str,
    instead: str,
    flags: int = re.IGNORECASE,
    sign: str | None = None,
    in_word: bool = False,
) -> RedactionRule:
    """A rule whose first group, if there is one, is kept in front of what is put instead."""
    compiled = re.compile(pattern, flags)
    return RedactionRule(
        kind,
        compiled,
        (lambda m: (m.group(1) or "") + instead) if compiled.groups else (lambda _: instead),
        re.compile(sign) if sign else None,
        in_word,
    )


def _mask_iban(match: re.Match[str]) -> str:
    """An account number whose check digits are right (ISO 13616), or one written in groups."""
    text = match.group()
    bare = text.replace(" ", "").upper()
    value = int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4]))
    return "<account>" if value % 97 == 1 or " " in text.strip() else text


def _mask_card_number(match: re.Match[str]) -> str:
    """A card's number whose check digit is right (ISO 7812)."""
    digits = [int(c) for c in match.group() if c.isdigit()][::-1]
    total = sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])
    return "<account>" if total % 10 == 0 else match.group()


# Numbers of a person.
PERSONAL: tuple[RedactionRule, ...] = (
    _make_rule(
        "account",
        r"(\biban\b[^\w\n]{0,12})[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}",
        "<account>",
    ),
    RedactionRule(
        "account",
        re.compile(r"(?<![A-Za-z0-9_./+=-])[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?![A-Za-z0-9_/+=-])"),
        _mask_iban,
        in_word=True,
    ),
    RedactionRule(
        "account",
        re.compile(
            r"(?<![A-Za-z0-9_./+=-])[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?"
            r"(?![A-Za-z0-9_/+=-])"
        ),
        _mask_iban,
        re.compile(r" \d{4} \d{4} "),
    ),
    *(
        RedactionRule(  # a rule a sign: a sign alone is found a hundred times faster than one of two
            "account",
            re.compile(
                r"(?<![\d.,-])(?:\d{4}@\d{4}@\d{4}@\d{4}|3\d{3}@\d{6}@\d{5})(?![\d.,-])".replace(
                    "@", between
                )
            ),
            _mask_card_number,
            re.compile(rf"{between}\d{{4,6}}{between}\d{{4,5}}"),
        )
        for between in (" ", "-")
    ),
    _make_rule(
        "phone",
        r"(?<![\w+.,=/-])\+[1-9]\d{0,2}(?:[ ./-]{0,2}\(?0?\)?[ ./-]{0,2}\d{2,5}\)?)(?:[ ./-]{1,2}\d{2,8}){1,5}(?![\w.]|-\d)"
        r"|(?<![\w+.,=/-])\+[1-9]\d{9,13}(?![\w.])",
        "<phone>",
        sign=r"\+[1-9][\d ()./-]{7,}",
    ),
    _make_rule(
        "phone",
        r"((?:\b(?:tele?(?:phone|fon)|phone|mobile?|handy|fax|teléfono|móvil|téléphone|telefono|cell)"
        r"(?:[ _-]?(?:number|nummer|nr\.?|no\.?))?|\btel\.?)[\"']?\s{0,3}[:=#]?\s{0,3}[\"']?)(?!<)"
        r"\+?\(?\d[\d ()./-]{5,18}\d",
        "<phone>",
    ),
    _make_rule("phone", r"(?<![\w.+-])\d{3}-\d{3}-\d{4}(?![\w-])", "<phone>", in_word=True),
    _make_rule(
        "phone",
        r"(?<![\w.+-])\(\d{3}\) ?\d{3}-\d{4}(?![\w-])",
        "<phone>",
        sign=r"\(\d{3}\) ?\d{3}-",
    ),
)

_BLOCK = r"PRIVATE KEY(?: BLOCK)?-----"
_EOL = r"(?:\s|\\+[nr])"  # as it is, or as JSON and Python write it
_LINE_OF_KEY = r"[ \t\r]*+(?:\n|\\+[nr])[ \t]*+"
_PEM = _make_rule(
    "key",
    rf"-----BEGIN [A-Z0-9 ]*{_BLOCK}(?:(?:(?!-----)[\s\S]){{0,20000}}-----END [A-Z0-9 ]*{_BLOCK}"
    rf"|(?:(?:{_EOL}*[A-Za-z0-9+/=]{{16,}})+(?:{_EOL}+[A-Za-z0-9+/=]{{1,15}}(?=\s|\\|\Z))?)?)",
    "<key>",
    0,
)
# A log that begins in the middle of a key. Possessive: lines that no end follows are read once.
_PEM_END = _make_rule(
    "key",
    rf"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{{16,}}+{_LINE_OF_KEY}){{1,64}}+"
    rf"(?:[A-Za-z0-9+/=]{{1,76}}+{_LINE_OF_KEY}){{0,2}}+-----END [A-Z0-9 ]*{_BLOCK}",
    "<key>",
    0,
)

# Commands that take a secret as a word: which commands, and what stands right before it. As they
# are typed: an option of one letter means something else in the other case.
_COMMAND_LINES = (
    (r"sshpass", r"-p ?"),
    (r"(?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb)", r"-p"),
    (
        r"login",  # of docker, podman, helm, az, oc and others
        r"-p[ =]?",
    ),
    (r"(?:mongo|mongosh|mongodump|rabbitmqadmin|psexec|PsExec)(?:64)?(?:\.exe)?", r"-p ?"),
    (r"(?:sqlcmd|sqlplus|unzip)", r"-P ?"),
    (r"(?:7z|7za|rar|unrar) [axelt]", r"-h?p"),
    (r"redis-cli", r"-a ?"),
    (r"openssl", r"-pass(?:in|out)? pass:"),
    (r"(?:keytool|jarsigner|apksigner)", r"-(?:store|key)pass(?: pass:| )"),
    (r"(?i:schtasks)", r"/(?i:rp) "),
    (r"smbclient", r"-U ?[^\s%]+%"),
    (r"\bmount(?:\.cifs)?", r"password="),
    (r"htpasswd -\w*b\w*", r"\S+ \S+ "),
    (r"(?i:net user)", r"(?!/)\S+ (?!/)"),
    (r"(?i:net use)", r"\\\\\S+ (?!/)"),
    (r"(?i:ConvertTo-SecureString)", r"(?:-String )?"),
    (r"(?i:cmdkey|wmic|winrs)", r"/(?i:pass|password|p):"),
    (r"(?:lftp|ncftp)", r"-u ?[^\s,]+,"),
    (r"nmcli", r"(?:password|wifi-sec\.psk|psk) "),
    (r"(?i:netsh)", r"(?i:key|keyMaterial)="),
)


def _command_rule(commands: str, before: str) -> RedactionRule:
    return _make_rule(
        "password",
        rf"((?:{commands})\b(?=[ ,])(?:[^\n|;&]{{0,200}}?[ ,])?{before}[\"']?)(?![<$%\s-])[^\s\"'<>]{{2,}}",
        "<password>",
        0,
    )


_COMMANDS = (
    *(_command_rule(commands, before) for commands, before in _COMMAND_LINES),
    _make_rule(
        "password",
        r"(\becho\s+[\"']?)(?![<$%\s])[^\s\"'|<>]{3,}"
        r"(?=[\"']?\s*\|\s*(?:sudo\b[^\n]*-S|\S+ login\b[^\n]*-stdin))",
        "<password>",
    ),
    _make_rule("password", r"(IDENTIFIED (?:WITH \S+ )?BY\s+['\"])(?!<)[^'\"\n]{2,}", "<password>"),
)

SHAPES: tuple[RedactionRule, ...] = (
    _PEM,
    _PEM_END,
    _make_rule("key", r"(Private-Lines:\s*\d+)(?:(?:\s|\\+[nr])+[A-Za-z0-9+/=]{8,})+", r" <key>"),
    # ---- logins in addresses: a password may hold an @ or a slash as it is, so the last @ of the
    # word ends it
    _make_rule(
        "password",
        r"(://)(?!<)[^\s/@:\"'<>]{0,100}:(?!\d+/)(?![/<])[^\s/\"'<>]{1,100}@(?=[\w\[.-])",
        "<login>@",
    ),
    _make_rule("password", r"(://)(?!git@|<)[^\s/@\"'<>]{1,300}@(?=[\w\[.-])", "<login>@"),
    _make_rule(
        "password",
        r"(://)(?!<)[^\s/@:\"'<>]{1,100}:(?!\d+/)(?![/<])[^\s\"'<>]{1,100}@(?=[\w\[.-])",
        "<login>@",
    ),
    _make_rule(
        "password",
        r"(://)(?!<)[^\s/@:\"'<>]{0,100}:(?!\d+/)(?![/<])[^\s\"<>]{1,100}@(?=[\w\[.-]+:\d)",
        "<login>@",
    ),
    _make_rule(
        "password",
        r"(?<![\w/.%@:-])(?!git@)[\w.+\\%-]{1,64}:[^\s\"'<>@/:]{3,64}@(?=[\w.-]+:\d{2,5}\b)",
        "<login>@",
        sign=r"@[\w.-]+:\d",
    ),
    _make_rule(
        "password",
        r"(\b(?:curl|wget)\b[^\n]{0,300}?\s(?:-u|--(?:proxy-)?user)[ =][\"']?)(?!<)[^\s\"':]+:[^\s\"']+",
        "<login>",
    ),
    # ---- headers
    _make_rule(
        "header",
        r"((?:proxy-)?authorization" + EQUALS + f"(?:{SCHEME})?)(?!{SCHEME})" + _VALUE + r"{3,}",
        "<token>",
    ),
    # a word of a sentence ("basic authentication failed") is no value: one has a figure, a sign of
    # base64 or letters in both cases
    _make_rule(
        "header",
        r"(\b(?:bearer|basic)\s+)(?![<\s])(?=[\w.~+/=-]*(?:[\d+/=]|(?-i:[a-z][A-Z]|[A-Z]{2}[a-z])))"
        r"[\w.~+/=-]{12,}",
        "<token>",
    ),
    _make_rule(
        "header",
        r"((?:set-)?cookie" + QUOTE + r"\s*:\s*" + QUOTE + r")(?![<\s\"'\\])[^\r\n\"'<>\\]+",
        "<token>",
    ),
    _make_rule(
        "header",
        r"((?:(?<![a-z])(?:x-[a-z-]{0,20}(?:key|token|secret)|private-token|job-token|api-key)"
        r"|(?<=[a-z])-subscription-key)" + EQUALS + r")" + _NONE + _VALUE + r"{6,}",
        "<token>",
    ),
    # ---- tokens without a name before them; those of services are in resources/secrets.toml
    _make_rule("token", r"(?<![A-Za-z0-9_-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)*", "<token>", 0),
    _make_rule(
        "token", r"(hooks\.slack\.com/(?:services|workflows|triggers)/)(?!<)[\w/-]{10,}", "<token>"
    ),
    _make_rule(
        "token",
        r"((?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/)(?!<)\d+/[\w-]{10,}",
        "<token>",
    ),
    _make_rule("token", r"(webhook\.office\.com/webhookb2/)(?!<)[\w@/-]{10,}", "<token>"),
    _make_rule(
        "token", r"([\"']_?auth[\"']\s*:\s*[\"'])(?!<)[A-Za-z0-9+/]{8,}={0,2}", "<token>"
    ),  # Docker's config.json
    # ---- keys
    _make_rule(
        "key",
        r"((?:aws_?(?:secret|session)\w*|secret_?access_?key|secret_?key|session_?token)"
        + EQUALS
        + r")(?!<)[\w/+=]{16,}",
        "<key>",
    ),
    _make_rule(
        "key",
        r"((?:account|shared_?access|primary|secondary)_?key(?:value)?"
        + EQUALS
        + r")(?!<)[\w/+=]{16,}",
        "<key>",
    ),
    # ---- named in the line
    _make_rule(
        "token",
        r"([?&](?:[\w-]*(?:token|signature|secret|password|passwd|credential|api[_-]?key|policy)|key|sig|key-pair-id|"
        r"x-amz-[\w-]+)=)(?!<)[^&\s\"'<>]+",
        "<token>",
    ),
    _make_rule(
        "token",
        r"((?:wandb|weights ?& ?biases)[^\n]{0,120}?(?<![0-9a-f]))[0-9a-f]{40}(?![0-9a-f])",
        "<token>",
    ),
    _make_rule(
        "password",
        r"(\bmachine\s+\S{1,200}\s+login\s+\S{1,100}\s+password\s+)(?!<)\S+",
        "<password>",
    ),
    _make_rule("token", r"(kaggle[^\n]{0,160}?(?<![0-9a-f]))[0-9a-f]{32}(?![0-9a-f])", "<token>"),
    _make_rule(
        "token", r"(key" + EQUALS + r")(?:[0-9a-f]{32}|[0-9a-f]{40})(?![0-9a-f])", "<token>"
    ),
    _make_rule(
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
    _make_rule(
        "token",
        r"((?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))[A-Z][A-Z0-9_]{0,60}(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|_PWD|"
        r"_PW|_PSK|_PASS|_PASSCODE|API_?KEY|_KEY|_PAT|_PIN|_CREDENTIALS?)"
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
    _make_rule(
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
    _make_rule(
        "password",
        r"(\b(?:password|passwort|kennwort|passphrase)\s+(?:is|ist|was)\s+[\"']?)(?![<\s])(?=[^\s\"']*\d)"
        r"[^\s\"'<>,;]{5,}",
        "<password>",
    ),
    _make_rule(
        "token",
        r"(--?(?:token|password|passphrase|api-key|secret|access-token|auth-token)(?:[ =][\"']?))(?![<-])[^\s\"']+",
        "<token>",
    ),
    _make_rule(
        "password",
        r"((?:_pw|-pw|\.pw|_psk|-psk|_pass|-pass|\.pass|_passcode|_pin|\bpsk)"
        + QUOTE
        + r"\s*[:=]\s*"
        + QUOTE
        + r")(?!/)"
        + _NONE
        + _CODE
        + _VALUE
        + r"{3,}",
        "<password>",
    ),
    *_COMMANDS,
    # ---- numbers of devices and persons
    _make_rule(
        "key",  # of Windows and Office: their alphabet has no vowels
        r"(?<![A-Za-z0-9-])(?:[BCDFGHJKMNPQRTVWXY2346789]{5}-){4}[BCDFGHJKMNPQRTVWXY2346789]{5}"
        r"(?![A-Za-z0-9-])",
        "<key>",
        in_word=True,
    ),
    _make_rule(  # BitLocker's
        "key", r"(?<![\d-])\d{6}(?:-\d{6}){7}(?![\d-])", "<key>", in_word=True
    ),
    *PERSONAL,
    _make_rule(
        "gpu-uuid",
        r"\b(?:GPU|MIG)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "<gpu-uuid>",
        sign=r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-",
    ),
    _make_rule(
        "uuid",
        r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])",
        "<uuid>",
        sign=r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-",
    ),
    RedactionRule(
        "mac",
        re.compile(
            r"(?<![0-9a-f:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:(?:[0-9a-f]{2}\1){2})?[0-9a-f]{2}"
            r"(?![0-9a-f]|[:-][0-9a-f]{2})",
            re.IGNORECASE,
        ),
        lambda _: "<mac>",
        re.compile(r"[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-]"),
    ),
    RedactionRule(
        "mac",
        re.compile(r"(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])", re.IGNORECASE),
        lambda m: m.group() if re.fullmatch(r"[\d.]+", m.group()) else "<mac>",
        re.compile(r"\.[0-9a-f]{4}\.[0-9a-f]{4}"),
    ),
    _make_rule(
        "uuid", r"\bS-1-5-21(?:-\d{4,10}){3}(?:-\d{3,10})?\b", "<uuid>"
    ),  # a Windows account
    _make_rule(
        "user",
        r"((?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\w+)\s+AAAA[\w+/=]{8,}\s+)(?!user@host)[^\s@]{1,64}@\S{1,64}",
        "user@host",
    ),
    _make_rule(
        "mac",
        r"(\b(?:mac|hwaddr|hw_?address|physical ?address|ethernet ?address)(?:[ _-]?addr(?:ess)?)?"
        + EQUALS
        + r")[0-9a-f]{12}(?![0-9a-z])",
        "<mac>",
    ),
    _make_rule(
        "serial",
        r"((?:\bserial(?:[ _]?(?:number|no\.?|nr\.?|short))?|seriennummer|numéro de série|número de serie|"
        r"service ?tag|asset ?tag|\bs/n|board_?serial|(?<![a-z])(?:id_)?serial(?:_?(?:number|short))?)[ .]*"
        + EQUALS
        + r")(?![<\s])(?!n/a|none|null|\[|unknown|to be filled|default string)"
        + _SERIAL
        + r"",
        "<serial>",
    ),
    _make_rule(
        "serial",
        r"(^[ \t]*serial ?number[ \t]*\r?\n[ \t]*)" + _SERIAL + r"",
        "<serial>",
        re.IGNORECASE | re.MULTILINE,
    ),
    _make_rule(
        "network-name",
        r"(\b(?:e?ssid(?: ?\d{1,2})?|wlan[ _-]?(?:name|profile)|(?:wifi|wi-fi)[ _-]?(?:name|network|profile))"
        + EQUALS
        + r")(?![<\s])[^\r\n\"'<>\\]{1,64}",
        "<network-name>",
    ),
    _make_rule(
        "network-name",  # as nmcli, netsh and iw say it
        r"(\b(?:nmcli\b[^\n]{0,60}?\b(?:connect|up|id|con-name|ssid|connection (?:modify|show|delete)|"
        r"con (?:modify|show|delete))|"
        r"(?:wi-?fi|wlan|wireless)\b[^\n]{0,20}?\bconnected to|all user profile\s*:|"
        r"profil für alle benutzer\s*:|netsh wlan [^\n]{0,40}?\bname=|"
        r"\bssid(?= ?[\"'])|wireless\.ssid\s*:|associated with|"
        r"(?:connection|verbindung)(?= [\"'][^\"'\n]{1,64}[\"'] ?(?:\(|successfully|wurde))|"
        r"wl\w+:? +(?:wifi +)?connected(?: to)?)[ \t]*[\"']?)"
        r"(?![<\s-])(?!(?:wifi|up|down|ifname|password|id|uuid)\b)"
        r"(?:(?<=[\"'])[^\"'\r\n<>]{1,64}|[^\s\"'<>\\][^\r\n\"'<>\\]{0,63}?(?=\s*(?:$|[\"'\\])|\s+(?:password|ifname|key|"
        r"keymaterial|ssid|successfully|on|bssid)\b|\s{2,}))",
        "<network-name>",
        re.IGNORECASE | re.MULTILINE,
    ),
    _make_rule(
        "host",  # a server in a share's address
        r"((?:(?<![\w\\/:.\])}\"'])|(?<=[\s=(,;][\"']))\\\\(?:\?\\UNC\\)?)"
        r"(?![?.]\\|(?:host|localhost|wsl\$|wsl\.localhost|tsclient|server|servername|share)\\|127\.)"
        r"[\w.-]{1,63}(?=\\(?!\\)[\w$.-])",
        "host",
        sign=r"\\\\[\w.-]{1,63}\\[\w$.]|\\\\\?\\unc\\",
    ),
    _make_rule(
        "host",
        r"((?:smb|cifs|nfs|afp|sftp|ftps?|ssh|rdp|vnc)://(?:<login>@)?)"
        r"(?!host\b|localhost|127\.|\[|<)[\w.-]{1,63}",
        "host",
    ),
    _make_rule(
        "email",
        r"(?<![\w.%+-])(?!git@)[\w.+\u0300-\u036f-]{1,64}"
        r"@(?:[\w\u0300-\u036f-]+\.)+[^\W\d_]{2,24}(?![\w])",
        "<email>",
        sign=r"@(?:[\w\u0300-\u036f-]+\.)+[^\W\d_]{2}",
    ),
)
