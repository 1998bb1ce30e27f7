"""Writes the reference page and the man page: python build/reference.py [--check].

From the command line's own parser and its table of endings.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.cli.command_table import (  # noqa: E402  (the path to the package comes first)
    ALWAYS,
    COMMANDS,
    CommandSpec,
)
from app.cli.endings import MEANINGS, SITUATIONS, codes_of, endings  # noqa: E402
from app.cli.parser import PROGRAM, commands_of, parser  # noqa: E402

PAGE, MAN = ROOT / "docs" / "COMMANDS.md", ROOT / "docs" / f"{PROGRAM}.1"
VARIABLES = (
    ("UNSLOTH_SETUP_HOME", "the home folder where `--home` is not given"),
    ("UNSLOTH_SETUP_ANSWERS", "the answer file where `--answers` is not given"),
    ("NO_COLOR", "any value: no colours"),
)
FILES = (
    ("HOME/current", "the active environment, a link that stays when a newer one is installed"),
    ("HOME/active.json", "which environment is active, `pointer/1`"),
    ("HOME/logs/", "a log for each run, and the program's own, `program.log`"),
    (
        "/etc/unsloth-setup/policy.toml, %ProgramData%\\UnslothSetup\\policy.toml",
        "an answer file whose choices an administrator fixes for everybody",
    ),
)
_ALWAYS = {flag for flags, _ in ALWAYS for flag in flags} | {"-h", "--help"}


def _own_options(name: str) -> list[argparse.Action]:
    """The command's own options and words, without those of every command."""
    made = commands_of(parser())[name]
    return [a for a in made._actions if not _ALWAYS & set(a.option_strings)]


def _option_title(action: argparse.Action) -> str:
    value = str(action.metavar or ("|".join(map(str, action.choices)) if action.choices else ""))
    if not action.option_strings:
        return value or action.dest
    return " ".join([", ".join(action.option_strings), value if action.nargs != 0 else ""]).strip()


def page() -> str:
    """The reference page, Markdown."""
    lines = [
        "# Commands",
        "",
        "Made by `build/reference.py` from the command line itself. Options are not abbreviated; "
        "each acts on the commands under which it stands. Standard output carries the result "
        "alone, progress and messages go to standard error.",
        "",
        "## Every command",
        "",
        "| option | does |",
        "|---|---|",
        *(f"| `{', '.join(flags)}` | {words['help']} |" for flags, words in ALWAYS),
        "| `-h, --help` | options, examples and exit codes of one command |",
        "",
    ]
    for spec in COMMANDS:
        lines += _command_section(spec)
    lines += ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {int(code)} | {words} |" for code, words in MEANINGS.items()]
    lines += [
        "",
        "## How commands end",
        "",
        "With `--json` a command gives one document, or while it runs one object a line of which "
        "the last is `result/1`: `outcome`, `changed`, `verdict`, `error` (`code`, `cause`, "
        "`message`, `remedy`), `paths`. What has no document of its own ends with a `result/1` "
        "too. A step that failed (4) goes before a verdict (5).",
        "",
        "| command | situation | exit code | last object | outcome | error code |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{e.command}` | {SITUATIONS[e.situation]} | {int(e.code)} | {e.last} "
        f"| {e.outcome} | {'as the step says' if e.error == '*' else e.error} |"
        for e in endings()
    ]
    lines += ["", "## Variables and files", "", "| name | is |", "|---|---|"]
    lines += [f"| `{name}` | {words} |" for name, words in (*VARIABLES, *FILES)]
    return "\n".join(lines) + "\n"


def _command_section(spec: CommandSpec) -> list[str]:
    lines = [f"## {spec.name}", "", f"{spec.purpose[0].upper()}{spec.purpose[1:]}.", ""]
    rows = _own_options(spec.name)
    if rows:
        lines += ["| option | does |", "|---|---|"]
        lines += [
            f"| `{_option_title(a).replace('|', chr(92) + '|')}` | {a.help or ''} |" for a in rows
        ]
        lines.append("")
    if spec.examples:
        lines += ["```"]
        lines += [
            f"{PROGRAM} {words}" + (f"    # {why}" if why else "") for words, why in spec.examples
        ]
        lines += ["```", ""]
    codes = ", ".join(str(int(code)) for code in codes_of(spec.name))
    return [*lines, f"Exit codes: {codes}.", ""]


def man() -> str:
    """The man page, troff (``man docs/unsloth-setup.1``)."""
    lines = [
        f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM}" "User Commands"',
        ".SH NAME",
        f"{PROGRAM} \\- from a PC with an NVIDIA card to a proven fine\\-tuning environment",
        ".SH SYNOPSIS",
        f".B {PROGRAM}",
        "COMMAND [OPTION ...]",
        ".SH COMMANDS",
    ]
    for spec in COMMANDS:
        lines += [
            f".SS {_escape_troff(spec.name)}",
            _escape_troff(f"{spec.purpose[0].upper()}{spec.purpose[1:]}."),
        ]
        for action in _own_options(spec.name):
            lines += [
                ".TP",
                f".B {_escape_troff(_option_title(action))}",
                _escape_troff(str(action.help or "")),
            ]
        for words, why in spec.examples:
            lines += [".PP", f".B {_escape_troff(f'{PROGRAM} {words}')}", ".br", _escape_troff(why)]
    lines.append(".SH OPTIONS OF EVERY COMMAND")
    for flags, how in ALWAYS:
        lines += [".TP", f".B {_escape_troff(', '.join(flags))}", _escape_troff(str(how["help"]))]
    lines.append(".SH EXIT STATUS")
    for code, meaning in MEANINGS.items():
        lines += [".TP", f".B {int(code)}", _escape_troff(meaning)]
    for title, rows in (("ENVIRONMENT", VARIABLES), ("FILES", FILES)):
        lines.append(f".SH {title}")
        for name, meaning in rows:
            lines += [".TP", f".B {_escape_troff(name)}", _escape_troff(meaning.replace("`", ""))]
    return "\n".join(line for line in lines if line) + "\n"


def _escape_troff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return re.sub(r"^([.'])", r"\\&\1", text)


def main() -> int:
    """Write both, or with ``--check`` say which are not up to date."""
    made = {PAGE: page(), MAN: man()}
    stale = [p for p, text in made.items() if not p.exists() or p.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date; run python build/reference.py")
        return 1 if stale else 0
    for path in stale:
        path.write_text(made[path], "utf-8", newline="\n")
        print(f"written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
