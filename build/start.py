"""Starts a checkout: ``python build/start.py [COMMAND ...]``.

It names a Python that does not fit.

Everything else is in ``first_start.py``. This file alone keeps to what Python 2.7 and 3.6 can read,
so that they say a sentence instead of a syntax error.
"""

import os
import sys

FITS = (3, 11) <= sys.version_info[:2] <= (3, 13) and sys.maxsize > 2**32

if __name__ == "__main__":
    if not FITS:
        if sys.stderr is not None:
            sys.stderr.write(
                "Cannot start: this is Python {0}.{1} ({2} bit) at {3}; Python 3.11, 3.12 or 3.13 of "
                "64 bit is needed. Call this script with one of those: python3.11 {4}\n".format(
                    sys.version_info[0],
                    sys.version_info[1],
                    64 if sys.maxsize > 2**32 else 32,
                    sys.executable,
                    sys.argv[0],
                )
            )
        sys.exit(3)
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from build.first_start import main

    sys.exit(main(sys.argv[1:]))
else:  # the other tools of this folder
    from build.first_start import *  # noqa: F403
