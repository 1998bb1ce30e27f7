"""Which names say that a value is a secret.

Names of variables, settings, members of JSON, parts of an address. The one list; logs, masking and
the survey all go by it.
"""

from __future__ import annotations

import re

KEY = (
    r"(?:api|access|account|auth|private|secret|signing|encryption|subscription|deploy|licen[sc]e|"
    r"ssh|hmac|shared|master|product|storage|service)[_-]?key"
)
# As words of a name that is put together with _ - or . (DB_PW, api-key, hub.token).
WORDS = (
    rf"(?:token|secret|passw(?:or)?d|passphrase|passcode|pwd|pw|psk|pass|pat|pin|credentials?|jwt|"
    rf"dsn|connection[_-]?string|{KEY}|accountkey|kaggle_key)"
)
# As the end of a name in which words are not parted (githubToken, PGPASSWORD).
JOINED = r"(?:Token|Secret|Password|Passwd|Passphrase|Pwd|Key|Credentials?)"

# The whole name of a variable or a setting.
SECRET_NAME = re.compile(
    rf"(?:\w*[_.-])?{WORDS}|(?:[a-z]+)?authorization|(?:set-)?cookie|[\w-]*(?:api-key|auth-token)"
    rf"|(?-i:[a-z]+{JOINED})|(?-i:[A-Z_]*(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET))",
    re.IGNORECASE,
)
# The same anywhere in the name: for what a person's variables hold, where a secret hidden too often
# costs nothing.
HOLDS_SECRET = re.compile(
    rf"(?:^|[_.-]){WORDS}(?:[_.-]|$)|(?:^|_)(?:keys?|auth)(?:_|$)|token|password|passwd|secret|"
    r"credential|api_?key",
    re.IGNORECASE,
)
# Values under such a name that are none: switches, paths, what was put instead of a secret.
HARMLESS_VALUE = re.compile(
    r"(?:true|false|none|null|yes|no|on|off|disabled?|enabled?|\d{1,3}|\*+|<[a-z-]+>)\Z",
    re.IGNORECASE,
)
PATH_VALUE = re.compile(r"(?:/|~|[a-z]:[\\/])", re.IGNORECASE)
# The name of a part of an address behind its "?".
SIGNED = (
    r"[\w.-]*(?:token|key|sig|signature|secret|password|passwd|auth|cred|credential|policy)[\w.-]*"
)
