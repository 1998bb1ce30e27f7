"""Parses the command line, made from the table of commands.

What it does not understand is answered with a sentence.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from app import __version__
from app.cli.command_table import ALWAYS, COMMANDS, OPTIONS, CommandSpec
from app.cli.endings import MEANINGS, codes_of
from app.model.errors import InputError

PROGRAM = "unsloth-setup"
_ALONE = ("-h", "--help", "-V", "--version")


class Parser(argparse.ArgumentParser):
    """An argument parser whose faults are ``InputError`` and that takes no abbreviations."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "allow_abbrev": False,
                "formatter_class": argparse.RawDescriptionHelpFormatter,
                **kwargs,
            }
        )

    def error(self, message: str) -> NoReturn:
        """Any fault that argparse finds."""
        raise InputError(
            f"The command line cannot be used: {message}.", hint=f"See {self.prog} --help."
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(one) for one in action.choices]
            kind = "command" if action.dest == "command" else action.metavar or action.dest
            raise InputError(
                f"{value!r} is no {kind}; expected one of {', '.join(known)}.",
                hint=_suggest_spelling(str(value), known) or f"See {self.prog} --help.",
            )


def parser() -> argparse.ArgumentParser:
    """All commands and options of the contract."""
    top = Parser(
        prog=PROGRAM,
        description="From a PC with an NVIDIA card to a proven fine-tuning environment. Without a "
        "command the window opens.",
        epilog=_exit_code_lines(MEANINGS),
    )
    top.add_argument("-V", "--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for spec in COMMANDS:
        made = commands.add_parser(
            spec.name,
            help=spec.purpose,
            description=_purpose_sentence(spec),
            epilog=_build_epilog(spec),
        )
        for name in spec.options:
            flags, words = OPTIONS[name]
            made.add_argument(*flags, **words)
        spec.own(made)
        for flags, words in ALWAYS:
            made.add_argument(*flags, **words)
        absent = (name.replace("-", "_") for name in OPTIONS if name not in spec.options)
        made.set_defaults(**dict.fromkeys(absent))
        made.set_defaults(takes_answers="answers" in spec.options)
        made.set_defaults(finds_shared=spec.finds_shared)
    return top


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The options that were given. Raises ``InputError`` that says what was meant, as far as that
    can be guessed.
    """
    first = arguments[0] if arguments else ""
    if first.startswith("-") and first.partition("=")[0] not in _ALONE:
        names = ", ".join(one.name for one in COMMANDS)
        flags = {flag for made in commands_of(parser()).values() for flag in flags_of(made)}
        raise InputError(
            f"{first} needs a command before it, one of {names}.",
            hint=""
            if first.partition("=")[0] in flags
            else _suggest_spelling(first, sorted(flags)),
        )
    options, strange = parser().parse_known_args(list(arguments))
    if options.command is None:
        names = ", ".join(one.name for one in COMMANDS)
        raise InputError(f"No command was given; expected one of {names}.")
    if strange:
        spec = next(one for one in COMMANDS if one.name == options.command)
        raise InputError(
            f"{options.command} does not take {strange[0]}.",
            hint=_suggest_command(strange[0], spec),
        )
    return options


def commands_of(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Each command's own parser, by name."""
    found = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def flags_of(made: argparse.ArgumentParser) -> list[str]:
    """The long and short options of one command."""
    return [flag for action in made._actions for flag in action.option_strings]


def _suggest_command(word: str, spec: CommandSpec) -> str:
    """Where an option does act, or which one was meant."""
    word = word.partition("=")[0]
    commands = commands_of(parser())
    if guess := _suggest_spelling(word, flags_of(commands[spec.name])):
        return guess
    there = [name for name, made in commands.items() if word in flags_of(made)]
    if there:
        return f"It acts on {', '.join(there)}."
    return f"See {PROGRAM} {spec.name} --help."


def _suggest_spelling(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"Did you mean {near[0]}?" if near else ""


def _purpose_sentence(spec: CommandSpec) -> str:
    return spec.purpose[0].upper() + spec.purpose[1:] + "."


def _build_epilog(spec: CommandSpec) -> str:
    lines = ["examples:"] if spec.examples else []
    for words, why in spec.examples:
        lines += [f"  {PROGRAM} {words}"] + ([f"      {why}"] if why else [])
    return "\n".join([*lines, "", _exit_code_lines(codes_of(spec.name))]).strip()


def _exit_code_lines(codes: Iterable[int]) -> str:
    known = {int(code): words for code, words in MEANINGS.items()}
    return "\n".join(["exit codes:", *(f"  {int(c)}  {known[int(c)]}" for c in codes)])
