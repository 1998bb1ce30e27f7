"""A process that only fetches, to be killed.

``python -m tests.fault_index.fetching LIST``, LIST a JSON list of downloads.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import msgspec

from app.adapters.download.web import HttpWeb
from app.ports import Download


def main() -> None:
    """Fetch everything in the list; ``begun`` on standard output tells that the work starts."""
    files = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Download])
    web = HttpWeb(threading.Event())
    print("begun", flush=True)
    for _ in web.fetch(files):
        pass


if __name__ == "__main__":
    main()
