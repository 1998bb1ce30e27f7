"""What makes bash and PowerShell complete commands and options, written from the parser itself."""

from __future__ import annotations

import argparse

from app.cli.parser import PROGRAM, commands_of, parser

_FILES = frozenset({"FILE", "DIR", "PATH"})


def _command_parsers() -> dict[str, argparse.ArgumentParser]:
    return commands_of(parser())


def _completion_words(made: argparse.ArgumentParser) -> list[str]:
    """Options and fixed words of one command."""
    words = [flag for a in made._actions for flag in a.option_strings if flag.startswith("--")]
    fixed = [str(c) for a in made._actions if not a.option_strings for c in a.choices or ()]
    return [*fixed, *words]


def bash() -> str:
    """A completion function for bash, to be sourced."""
    lines = [
        f"# {PROGRAM} for bash: source this file, or put it where bash-completion looks.",
        "_unsloth_setup() {",
        '    local now="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""',
        '    if [ "$COMP_CWORD" -eq 1 ]; then',
        f'        words="{" ".join([*_command_parsers(), "--help", "--version"])}"',
        "    else",
        '        case "${COMP_WORDS[1]} $before" in',
    ]
    for name, made in _command_parsers().items():
        for action in made._actions:
            for flag in (f for f in action.option_strings if f.startswith("--")):
                if action.choices:
                    fixed = " ".join(str(c) for c in action.choices)
                    lines.append(f'            "{name} {flag}") words="{fixed}" ;;')
                elif action.metavar in _FILES:
                    lines.append(
                        f'            "{name} {flag}") COMPREPLY=($(compgen -f -- "$now")); return ;;'
                    )
    lines += ["        esac", '        if [ -z "$words" ]; then case "${COMP_WORDS[1]}" in']
    lines += [
        f'            {name}) words="{" ".join(_completion_words(made))}" ;;'
        for name, made in _command_parsers().items()
    ]
    lines += [
        "        esac; fi",
        "    fi",
        '    COMPREPLY=($(compgen -W "$words" -- "$now"))',
        "}",
        f"complete -o default -F _unsloth_setup {PROGRAM}",
    ]
    return "\n".join(lines) + "\n"


def powershell() -> str:
    """A completer for PowerShell 5.1 and 7, to be put into the profile."""
    rows = [
        f"        '{name}' = '{' '.join(_completion_words(made))}'"
        for name, made in _command_parsers().items()
    ]
    return "\n".join(
        [
            f"# {PROGRAM} for PowerShell: put this into the file that $PROFILE names.",
            f"Register-ArgumentCompleter -Native -CommandName '{PROGRAM}', '{PROGRAM}.exe' "
            "-ScriptBlock {",
            "    param($now, $line, $cursor)",
            "    $words = @{",
            *rows,
            "    }",
            "    $given = @($line.CommandElements | ForEach-Object { $_.ToString() })",
            "    $done = $given.Count - [int]($now -ne '')",
            f"    $known = if ($done -le 1) {{ '{' '.join(_command_parsers())} --help --version' }} "
            "else { $words[$given[1]] }",
            '    ("$known" -split \' \') | Where-Object { $_ -like "$now*" } | ForEach-Object {',
            "        [System.Management.Automation.CompletionResult]::new("
            "$_, $_, 'ParameterValue', $_)",
            "    }",
            "}",
            "",
        ]
    )
