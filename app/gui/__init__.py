"""The window, in Qt: shows a visit and drives it. The only room that knows PySide6."""

from __future__ import annotations

import sys
from types import ModuleType

# PySide6 6.8.3 compiles the generator of its own stub files from source at every start, a twelfth of the time until the first
# paint (measured), and only its command-line tool uses it. A module that is already there is not compiled.
_UNUSED = "shibokensupport.signature.lib.pyi_generator"
if "shiboken6" not in sys.modules:
    sys.modules.setdefault(_UNUSED, ModuleType(_UNUSED, "Not needed by a program; see app/gui/__init__.py."))
