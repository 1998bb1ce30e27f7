# -*- coding: utf-8 -*-
# Copyright: the Unsloth Setup project
# Apache License 2.0 (see https://www.apache.org/licenses/LICENSE-2.0)
"""One document about all hosts, out of what each of them told."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import Counter

DOCUMENTATION = r"""
name: fleet
short_description: One document about all hosts
version_added: "1.0.0"
description: Sums up what the role C(unsloth_setup) kept of each host.
author: The Unsloth Setup project (@unsloth-setup)
options:
  _input:
    description: The variables of all hosts.
    type: dict
    required: true
  hosts:
    description: The names of the hosts.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
report: "{{ hostvars | unsloth_setup.fleet.fleet(groups['all']) }}"
"""

RETURN = r"""
_value:
  description: The document C(fleet/1).
  type: dict
"""


def fleet(every, hosts):
    """Schema fleet/1: a row for each host, and the counts. It tells no time of its own making, so the
    same hosts in the same state give the same document."""
    rows = [_row(name, every[name].get("unsloth_setup_kept")) for name in sorted(hosts)]
    return {
        "schema": "fleet/1",
        "hosts": rows,
        "total": len(rows),
        "proven": sum(row["verdict"] in ("works", "works_slowly") for row in rows),
        "causes": _counted(row["cause"] for row in rows),
        "profiles": _counted(row["profile"] for row in rows),
    }


def _row(name, kept):
    if not kept:
        return _fields(name, "unreachable", {}, "unreachable", "It was not reached.")
    if "status" in kept:
        return _fields(name, "done", kept["status"], None, "")
    last = kept.get("last") or {}
    return _fields(name, "failed", last, kept.get("cause", "unknown"), kept.get("msg", ""))


def _fields(name, outcome, status, cause, message):
    known = ("profile", "environment", "verdict", "proven_at")
    row = dict((field, status.get(field)) for field in known)
    if not status.get("installed"):
        row["verdict"] = None  # of nothing there is no verdict
    row.update(host=name, outcome=outcome, cause=cause, message=message)
    row["drift"] = [one["text"] for one in status.get("drift") or ()]
    row["program"] = (status.get("program") or {}).get("version")
    return row


def _counted(words):
    return dict(sorted(Counter(word for word in words if word).items()))


class FilterModule(object):
    """The filters of this file."""

    def filters(self):
        """By name."""
        return {"fleet": fleet}
