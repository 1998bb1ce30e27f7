"""The command line. ``COMMANDS`` are the names of all commands, for those that start this program."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """The names come from the table of commands, which is read when they are asked for."""
    if name == "COMMANDS":
        from app.cli.command_table import COMMANDS

        return tuple(one.name for one in COMMANDS)
    raise AttributeError(name)
