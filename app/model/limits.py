"""Every bound of this program in one place, each with its reason.

Whatever comes from outside stops at one of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """One bound: its size, its unit (``bytes``, ``seconds``, ``items``, ``levels``), its reason."""

    value: int
    unit: str
    why: str


ALL: dict[str, Limit] = {}


def _register_limit(name: str, value: int, unit: str, why: str) -> int:
    ALL[name] = Limit(value, unit, why)
    return value


# ---- what people hand in

INPUT = _register_limit(
    "INPUT",
    1 << 30,
    "bytes",
    "Any file or pipe named on the command line: logs of 200 MB are real, a device never ends.",
)
ANSWERS = _register_limit(
    "ANSWERS",
    256 << 10,
    "bytes",
    "An answer file has some thirty short fields. TOML's reader takes time and memory that grow "
    "with the square of a key's length.",
)
MACHINE = _register_limit(
    "MACHINE",
    8 << 20,
    "bytes",
    "A machine file has some 50 kB. Its reader makes up to 60 bytes of each byte.",
)
KEY_PARTS = _register_limit(
    "KEY_PARTS",
    16,
    "levels",
    "Dotted keys of TOML: no file that this program reads nests deeper than three.",
)
REPORT = _register_limit(
    "REPORT", 256 << 20, "bytes", "A report's zip has some 1 MB; with large logs some 20 MB."
)
REPORT_MEMBER = _register_limit(
    "REPORT_MEMBER",
    32 << 20,
    "bytes",
    "One file read out of a report. Its list may lie, so the reading itself stops here.",
)
REPORT_LIST = _register_limit(
    "REPORT_LIST",
    1 << 20,
    "bytes",
    "The list of files in a report's zip: some 100 bytes a file, and a report has some ten. Each "
    "entry costs a kilobyte of memory before anything is read.",
)
DIGITS = _register_limit(
    "DIGITS",
    15,
    "items",
    "Digits of a number in a header or an answer: more than any size has, and a float holds them.",
)
READ_FILE = _register_limit(
    "READ_FILE",
    1 << 28,
    "bytes",
    "A file of this computer that is read whole: journals and logs have some MB, settings some kB.",
)

TALK = _register_limit(
    "TALK",
    1 << 20,
    "bytes",
    "A text in which people talk about errors: a chat or a page has some 100 kB, a run's log may have 200 MB.",
)

# ---- the network

REDIRECTS = _register_limit(
    "REDIRECTS", 8, "items", "Ways on that one request follows; sign-in pages send in circles."
)
CONNECT = _register_limit("CONNECT", 10, "seconds", "Making one connection; across the world 1 s.")
READ = _register_limit(
    "READ", 20, "seconds", "Between two pieces of an answer; a stream that is silent is stalled."
)
SLOWEST = _register_limit(
    "SLOWEST",
    1024,
    "bytes",
    "A second; a stream below it counts as stalled. A modem line had six times as much.",
)
TRIES = _register_limit("TRIES", 8, "items", "Tries of one file without any progress in between.")
LONGEST_WAIT = _register_limit(
    "LONGEST_WAIT", 30, "seconds", "Between two tries: a line that comes back is taken soon."
)
REACHING = _register_limit(
    "REACHING", 5, "seconds", "Whether an index answers, while a person waits for the survey."
)
PROXY_SCRIPT = _register_limit(
    "PROXY_SCRIPT", 6, "seconds", "Windows running a proxy script; looking for one takes 4 s."
)
HEADERS = _register_limit(
    "HEADERS",
    40,
    "seconds",
    "Connecting, TLS, a proxy's answer and the head of an answer together. A read's own limit "
    "starts again with each byte, so a server that drips would hold the program for days.",
)
PAGE_LOOK = _register_limit(
    "PAGE_LOOK",
    1 << 16,
    "bytes",
    "The beginning of an index page, enough to tell it from a sign-in page.",
)
PAGE = _register_limit(
    "PAGE", 10, "seconds", "The beginning of one index page; a slow line needs 3 s."
)
RETRY_AFTER = _register_limit(
    "RETRY_AFTER", 120, "seconds", "What a server may ask to wait; nobody watches a bar longer."
)
NO_PROGRESS = _register_limit(
    "NO_PROGRESS",
    1200,
    "seconds",
    "A whole fetch in which not one byte came: longer than eight tries with the longest wait.",
)
FILE_OF_UNKNOWN_SIZE = _register_limit(
    "FILE_OF_UNKNOWN_SIZE",
    8 << 30,
    "bytes",
    "A file whose size neither lock nor index tells. The largest wheel of any setup has 3 GB.",
)

# ---- children

CHILD_LOG = _register_limit(
    "CHILD_LOG",
    48 << 20,
    "bytes",
    "Output of one run's children that is handed on and written to its log. The largest real run "
    "printed 3 MB.",
)
CHILD_END = _register_limit(
    "CHILD_END",
    1 << 20,
    "bytes",
    "The end of a step's output, kept where the log is full: it says why a child failed.",
)
CHILD_LINE = _register_limit(
    "CHILD_LINE",
    1 << 20,
    "bytes",
    "Output without a line end that waits for it; what is longer is handed on in pieces.",
)
CHECK_EVENTS = _register_limit(
    "CHECK_EVENTS",
    4 << 20,
    "bytes",
    "What one check may say in events; a check says some 20 kB. More is treated as output.",
)
TRAINING_EVENTS = _register_limit(
    "TRAINING_EVENTS",
    1 << 30,
    "bytes",
    "What one training run may say in events: some 300 bytes a step, so three million steps.",
)
TEMPERATURE_PAUSE = _register_limit(
    "TEMPERATURE_PAUSE",
    20,
    "seconds",
    "Between two questions for the card's temperature while it trains; a card heats over minutes.",
)
TRAINING_POINTS = _register_limit(
    "TRAINING_POINTS",
    5000,
    "items",
    "Points of a loss curve that are handed on, evenly over the run; no screen has more columns.",
)
TRAINING_DATA = _register_limit(
    "TRAINING_DATA",
    2 << 30,
    "bytes",
    "A file of training data, all of which is in memory while it is read.",
)
PREVIEW = _register_limit(
    "PREVIEW",
    1800,
    "seconds",
    "The tokenizer over all rows: 15 s for 100,000 short ones, and a cold import of transformers.",
)
ANSWER_OUTPUT = _register_limit(
    "ANSWER_OUTPUT",
    8 << 20,
    "bytes",
    "All that a short program may answer; `pip freeze` of 1,000 packages has 60 kB.",
)
HELD_OPEN = _register_limit(
    "HELD_OPEN",
    2,
    "seconds",
    "After a child's end, for what it left behind and what holds its output open.",
)
LAST_WORDS = _register_limit(
    "LAST_WORDS",
    30,
    "seconds",
    "After a child's end, for what it wrote itself to be read on a busy computer.",
)
ENDING = _register_limit(
    "ENDING", 5, "seconds", "For a killed child to be gone; a driver in a bad state can hold it."
)

# ---- steps

SOURCE_FILE = _register_limit(
    "SOURCE_FILE",
    4 << 20,
    "bytes",
    "One file taken out of a source archive: the largest of llama.cpp's converter has 0.2 MB.",
)
LOOKING_UP = _register_limit(
    "LOOKING_UP",
    600,
    "seconds",
    "uv asking an index for 80 files: 0.3 s here, minutes on a bad line.",
)
FIRST_IMPORT = _register_limit(
    "FIRST_IMPORT",
    900,
    "seconds",
    "The first import of torch and its kin: 10 s on an SSD, minutes under a virus scanner.",
)
INSTALLING = _register_limit(
    "INSTALLING",
    3600,
    "seconds",
    "uv linking or copying 36,000 files: 5 s on one volume, an hour on a slow stick under a scanner.",
)
PYTHON_COMING = _register_limit(
    "PYTHON_COMING", 1800, "seconds", "uv fetching and unpacking a Python of 30 MB on a slow line."
)
MAKING = _register_limit(
    "MAKING",
    600,
    "seconds",
    "A small piece of work of uv or Python: an environment, a kernel, taking packages out.",
)
UNPACKING = _register_limit(
    "UNPACKING", 1800, "seconds", "What installing waits for that is still being unpacked."
)

# ---- the survey

PROBE_QUICK = _register_limit(
    "PROBE_QUICK", 8, "seconds", "What the system tells at once; more than asking volumes takes."
)
PROBE_CARDS = _register_limit(
    "PROBE_CARDS", 14, "seconds", "Cards and driver: more than NVIDIA's library may take."
)
PROBE_PROGRAMS = _register_limit(
    "PROBE_PROGRAMS", 20, "seconds", "Tools and Pythons: more than all of them may take together."
)
PROBE_LEFTOVERS = _register_limit(
    "PROBE_LEFTOVERS", 15, "seconds", "Old environments and caches, with their sizes."
)
LEFTOVER_SIZES = _register_limit(
    "LEFTOVER_SIZES", 8, "seconds", "All sizes together; a bigger tree is named without its size."
)
PROBE_NETWORK = _register_limit(
    "PROBE_NETWORK", 15, "seconds", "Settings and two indexes: more than reaching both may take."
)

NATIVE_LIBRARY = _register_limit(
    "NATIVE_LIBRARY",
    10,
    "seconds",
    "NVIDIA's library in its child: 0.1 s with a driver at rest, 5 s where it wakes eight cards.",
)
VOLUME = _register_limit(
    "VOLUME",
    2,
    "seconds",
    "One volume: a local disk wakes up in that time or is broken; a dead share takes 20 s and more.",
)
TOOL = _register_limit(
    "TOOL", 8, "seconds", "One tool that says its version or where it lies; git takes 0.1 s."
)
UV_ANSWER = _register_limit(
    "UV_ANSWER",
    60,
    "seconds",
    "uv telling of itself or of what is installed: 0.1 s, on a cold disk some seconds.",
)
PYTHON_ANSWER = _register_limit(
    "PYTHON_ANSWER", 4, "seconds", "One Python of the search path; a cold one takes 1 s."
)
PYTHONS_AT_ONCE = _register_limit(
    "PYTHONS_AT_ONCE", 8, "items", "So that seven that hang do not hold up the eighth."
)
FOLDER = _register_limit(
    "FOLDER",
    3,
    "seconds",
    "Listing the folders of the search path, all at once; one may lie on a dead share.",
)
PYTHONS = _register_limit(
    "PYTHONS",
    12,
    "seconds",
    "All Pythons of the search path together; what has not answered by then is listed unasked.",
)

# ---- this computer

FREE_FILES = _register_limit(
    "FREE_FILES",
    100_000,
    "items",
    "Files that a volume must still be able to take before an install: cache and environment have "
    "36,000 each.",
)
CLOSING = _register_limit(
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
