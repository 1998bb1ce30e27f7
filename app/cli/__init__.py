"""The command line."""

COMMANDS = (
    "detect",
    "plan",
    "install",
    "verify",
    "report",
    "diagnose",
    "profiles",
    "rollback",
    "uninstall",
    "bundle",
    "verify-bundle",
    "script",
    "record",
)
