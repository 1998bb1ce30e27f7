#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: the Unsloth Setup project
# Apache License 2.0 (see https://www.apache.org/licenses/LICENSE-2.0)
"""What is installed on a host, as a fact."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: environment_info
short_description: What is installed on a Linux host and how far it is proven
version_added: "1.0.0"
description:
  - Asks the program's C(status), which starts nothing and changes nothing.
author:
  - The Unsloth Setup project (@unsloth-setup)
options:
  program:
    description: The program as a list of words.
    type: list
    elements: str
    default: [unsloth-setup]
  home:
    description: The home folder. Without it the program's own choice.
    type: path
  all_users:
    description: The home of every user of the host.
    type: bool
    default: false
attributes:
  check_mode:
    description: Nothing is changed in any mode.
    support: full
"""

EXAMPLES = r"""
- name: Ask
  unsloth_setup.fleet.environment_info:
    all_users: true
  register: found
"""

RETURN = r"""
status:
  description: The document C(status/1).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.unsloth_setup.fleet.plugins.module_utils.program import (
    PLACE,
    Failed,
    status,
)


def main():
    """The module."""
    module = AnsibleModule(
        argument_spec=dict(PLACE),
        supports_check_mode=True,
    )
    try:
        found = status(module)
    except Failed as error:
        module.fail_json(**error.fields())
    module.exit_json(changed=False, status=found)


if __name__ == "__main__":
    main()
