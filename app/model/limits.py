"""Every bound of this program in one place, each with its reason; whatever comes from outside stops
at one of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """One bound: its size, its unit (``bytes``, ``seconds``, ``items``, ``levels``), its reason."""

    value: int
    unit: str
    why: str


ALL: dict[str, Limit] = {}


def _bound(name: str, value: int, unit: str, why: str) -> int:
    ALL[name] = Limit(value, unit, why)
    return value


# ---- what people hand in

INPUT = _bound(
    "INPUT",
    1 << 30,
    "bytes",
    "Any file or pipe named on the command line: logs of 200 MB are real, a device never ends.",
)
ANSWERS = _bound(
    "ANSWERS",
    256 << 10,
    "bytes",
    "An answer file has some thirty short fields. TOML's reader takes time and memory that grow "
    "with the square of a key's length.",
)
MACHINE = _bound(
    "MACHINE",
    8 << 20,
    "bytes",
    "A machine file has some 50 kB. Its reader makes up to 60 bytes of each byte.",
)
KEY_PARTS = _bound(
    "KEY_PARTS",
    16,
    "levels",
    "Dotted keys of TOML: no file that this program reads nests deeper than three.",
)
REPORT = _bound(
    "REPORT", 256 << 20, "bytes", "A report's zip has some 1 MB; with large logs some 20 MB."
)
REPORT_MEMBER = _bound(
    "REPORT_MEMBER",
    32 << 20,
    "bytes",
    "One file read out of a report. Its list may lie, so the reading itself stops here.",
)
REPORT_LIST = _bound(
    "REPORT_LIST",
    1 << 20,
    "bytes",
    "The list of files in a report's zip: some 100 bytes a file, and a report has some ten. Each "
    "entry costs a kilobyte of memory before anything is read.",
)
DIGITS = _bound(
    "DIGITS",
    15,
    "items",
    "Digits of a number in a header or an answer: more than any size has, and a float holds them.",
)
READ_FILE = _bound(
    "READ_FILE",
    1 << 28,
    "bytes",
    "A file of this computer that is read whole: journals and logs have some MB, settings some kB.",
)

# ---- the network

REDIRECTS = _bound(
    "REDIRECTS", 8, "items", "Ways on that one request follows; sign-in pages send in circles."
)
CONNECT = _bound("CONNECT", 10, "seconds", "Making one connection; across the world 1 s.")
READ = _bound(
    "READ", 20, "seconds", "Between two pieces of an answer; a stream that is silent is stalled."
)
SLOWEST = _bound(
    "SLOWEST",
    1024,
    "bytes",
    "A second; a stream below it counts as stalled. A modem line had six times as much.",
)
TRIES = _bound("TRIES", 8, "items", "Tries of one file without any progress in between.")
LONGEST_WAIT = _bound(
    "LONGEST_WAIT", 30, "seconds", "Between two tries: a line that comes back is taken soon."
)
REACHING = _bound(
    "REACHING", 5, "seconds", "Whether an index answers, while a person waits for the survey."
)
PROXY_SCRIPT = _bound(
    "PROXY_SCRIPT", 6, "seconds", "Windows running a proxy script; looking for one takes 4 s."
)
HEADERS = _bound(
    "HEADERS",
    40,
    "seconds",
    "Connecting, TLS, a proxy's answer and the head of an answer together. A read's own limit "
    "starts again with each byte, so a server that drips would hold the program for days.",
)
PAGE_LOOK = _bound(
    "PAGE_LOOK",
    1 << 16,
    "bytes",
    "The beginning of an index page, enough to tell it from a sign-in page.",
)
PAGE = _bound("PAGE", 10, "seconds", "The beginning of one index page; a slow line needs 3 s.")
RETRY_AFTER = _bound(
    "RETRY_AFTER", 120, "seconds", "What a server may ask to wait; nobody watches a bar longer."
)
NO_PROGRESS = _bound(
    "NO_PROGRESS",
    1200,
    "seconds",
    "A whole fetch in which not one byte came: longer than eight tries with the longest wait.",
)
FILE_OF_UNKNOWN_SIZE = _bound(
    "FILE_OF_UNKNOWN_SIZE",
    8 << 30,
    "bytes",
    "A file whose size neither lock nor index tells. The largest wheel of any setup has 3 GB.",
)

# ---- children

CHILD_LOG = _bound(
    "CHILD_LOG",
    48 << 20,
    "bytes",
    "Output of one run's children that is handed on and written to its log. The largest real run "
    "printed 3 MB.",
)
CHILD_END = _bound(
    "CHILD_END",
    1 << 20,
    "bytes",
    "The end of a step's output, kept where the log is full: it says why a child failed.",
)
CHILD_LINE = _bound(
    "CHILD_LINE",
    1 << 20,
    "bytes",
    "Output without a line end that waits for it; what is longer is handed on in pieces.",
)
CHECK_EVENTS = _bound(
    "CHECK_EVENTS",
    4 << 20,
    "bytes",
    "What one check may say in events; a check says some 20 kB. More is treated as output.",
)
TRAINING_EVENTS = _bound(
    "TRAINING_EVENTS",
    1 << 30,
    "bytes",
    "What one training run may say in events: some 300 bytes a step, so three million steps.",
)
TRAINING_POINTS = _bound(
    "TRAINING_POINTS",
    5000,
    "items",
    "Points of a loss curve that are handed on, evenly over the run; no screen has more columns.",
)
TRAINING_DATA = _bound(
    "TRAINING_DATA",
    2 << 30,
    "bytes",
    "A file of training data, all of which is in memory while it is read.",
)
PREVIEW = _bound(
    "PREVIEW",
    1800,
    "seconds",
    "The tokenizer over all rows: 15 s for 100,000 short ones, and a cold import of transformers.",
)
ANSWER_OUTPUT = _bound(
    "ANSWER_OUTPUT",
    8 << 20,
    "bytes",
    "All that a short program may answer; `pip freeze` of 1,000 packages has 60 kB.",
)
HELD_OPEN = _bound(
    "HELD_OPEN",
    2,
    "seconds",
    "After a child's end, for what it left behind and what holds its output open.",
)
LAST_WORDS = _bound(
    "LAST_WORDS",
    30,
    "seconds",
    "After a child's end, for what it wrote itself to be read on a busy computer.",
)
ENDING = _bound(
    "ENDING", 5, "seconds", "For a killed child to be gone; a driver in a bad state can hold it."
)

# ---- steps

LOOKING_UP = _bound(
    "LOOKING_UP",
    600,
    "seconds",
    "uv asking an index for 80 files: 0.3 s here, minutes on a bad line.",
)
FIRST_IMPORT = _bound(
    "FIRST_IMPORT",
    900,
    "seconds",
    "The first import of torch and its kin: 10 s on an SSD, minutes under a virus scanner.",
)
INSTALLING = _bound(
    "INSTALLING",
    3600,
    "seconds",
    "uv linking or copying 36,000 files: 5 s on one volume, an hour on a slow stick under a scanner.",
)
PYTHON_COMING = _bound(
    "PYTHON_COMING", 1800, "seconds", "uv fetching and unpacking a Python of 30 MB on a slow line."
)
MAKING = _bound(
    "MAKING",
    600,
    "seconds",
    "A small piece of work of uv or Python: an environment, a kernel, taking packages out.",
)
UNPACKING = _bound(
    "UNPACKING", 1800, "seconds", "What installing waits for that is still being unpacked."
)

# ---- the survey

PROBE_QUICK = _bound(
    "PROBE_QUICK", 8, "seconds", "What the system tells at once; more than asking volumes takes."
)
PROBE_CARDS = _bound(
    "PROBE_CARDS", 14, "seconds", "Cards and driver: more than NVIDIA's library may take."
)
PROBE_PROGRAMS = _bound(
    "PROBE_PROGRAMS", 20, "seconds", "Tools and Pythons: more than all of them may take together."
)
PROBE_LEFTOVERS = _bound(
    "PROBE_LEFTOVERS", 15, "seconds", "Old environments and caches, with their sizes."
)
LEFTOVER_SIZES = _bound(
    "LEFTOVER_SIZES", 8, "seconds", "All sizes together; a bigger tree is named without its size."
)
PROBE_NETWORK = _bound(
    "PROBE_NETWORK", 15, "seconds", "Settings and two indexes: more than reaching both may take."
)

NATIVE_LIBRARY = _bound(
    "NATIVE_LIBRARY",
    10,
    "seconds",
    "NVIDIA's library in its child: 0.1 s with a driver at rest, 5 s where it wakes eight cards.",
)
VOLUME = _bound(
    "VOLUME",
    2,
    "seconds",
    "One volume: a local disk wakes up in that time or is broken; a dead share takes 20 s and more.",
)
TOOL = _bound(
    "TOOL", 8, "seconds", "One tool that says its version or where it lies; git takes 0.1 s."
)
UV_ANSWER = _bound(
    "UV_ANSWER",
    60,
    "seconds",
    "uv telling of itself or of what is installed: 0.1 s, on a cold disk some seconds.",
)
PYTHON_ANSWER = _bound(
    "PYTHON_ANSWER", 4, "seconds", "One Python of the search path; a cold one takes 1 s."
)
PYTHONS_AT_ONCE = _bound(
    "PYTHONS_AT_ONCE", 8, "items", "So that seven that hang do not hold up the eighth."
)
FOLDER = _bound(
    "FOLDER",
    3,
    "seconds",
    "Listing the folders of the search path, all at once; one may lie on a dead share.",
)
PYTHONS = _bound(
    "PYTHONS",
    12,
    "seconds",
    "All Pythons of the search path together; what has not answered by then is listed unasked.",
)

# ---- this computer

FREE_FILES = _bound(
    "FREE_FILES",
    100_000,
    "items",
    "Files that a volume must still be able to take before an install: cache and environment have "
    "36,000 each.",
)
CLOSING = _bound(
    "CLOSING",
    4,
    "seconds",
    "From a closed console to the end: Windows ends the program itself after 5 s.",
)


def whole_number(text: str) -> int | None:
    """A number as headers and answers write one: ASCII digits, at most ``DIGITS``; else ``None``.

    ``str.isdigit`` takes superscripts, which ``int`` refuses, and ``int`` takes 4300 digits.
    """
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None
