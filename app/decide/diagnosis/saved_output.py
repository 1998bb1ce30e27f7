"""Undoes what saving did to output: tags of HTML, and lines cut at a console's width."""

from __future__ import annotations

import html
import re
from collections import Counter

from app.decide.diagnosis.run_outcome import ERROR_LINE
from app.model import limits

# Tags in which notebooks, terminals and CI servers save what they showed, and those of text beside it.
_NAMES = (
    "a|b|br|center|code|details|div|em|font|hr|i|kbd|li|ol|p|pre|samp|section|small|span|strong|summary|"
    "table|tbody|td|th|thead|tr|tt|u|ul"
)
_TAG = re.compile(rf"<(/?)({_NAMES})\b[^<>]{{0,2000}}>", re.IGNORECASE)
_UNSHOWN = (("<style", "</style>"), ("<script", "</script>"), ("<!--", "-->"))
_ENDS_A_LINE = frozenset(("br", "div", "hr", "li", "p", "pre", "td", "th", "tr"))
# That a program saved its output so: the classes of notebooks, consoles and highlighters.
_OF_A_CONSOLE = re.compile(
    r"<(?:pre|div|span|code|samp|td|font)\b[^<>]*\b(?:class|id)=[\"'][^\"'<>]*"
    r"(?:ansi|outpu?t|\bjp-|term|console|log|stderr|stdout|traceback|xterm)",
    re.IGNORECASE,
)
_SHOWN = re.compile(r"</?(?:pre|samp|span|font|tt)\b", re.IGNORECASE)
# That somebody wrote a page: what it quotes happened elsewhere.
_PAGE = re.compile(r"<(?:p|h[1-6]|li|article|blockquote)\b[^<>]*>", re.IGNORECASE)
_ESCAPED = ("&quot;", "&#39;", "&#x27;", "&gt;", "&lt;")
_LINE_BREAK = re.compile(r"&#(?:0*1[03]|x0*[ad]);", re.IGNORECASE)

_NARROWEST, _WIDEST = 70, 320  # letters in a line of a console
_NARROW = 30  # and in one of a telephone, where many lines are full
_COMMON = (80, 120)  # widths that one line is enough to tell
_PREFIX = 6  # letters by which lines of the same kind are known
# A string on a line of its own, as the outputs of a notebook's file have them.
_STRING = re.compile(r'^[ \t]*"(?P<text>(?:[^"\\\n]|\\[^\n])*)"[ \t]*,?[ \t]*$', re.MULTILINE)
_ESCAPED_COLOUR = re.compile(r"\\u001b\[[0-9;]*m", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([\"\\/bfnrt])")
_SIGNS = {"n": "\r", "t": "\t", "r": "\r", "b": "", "f": ""}
_FIGURE = re.compile(r"\d")
_CUT = re.compile(r"[\w.,:;'\"`(\[/\\-]| ")  # what may stand where a line was cut


def without_json(text: str) -> str:
    """The text that a notebook showed, where its file was pasted: colours, quotes and commas of JSON's
    strings are gone, and a break inside of a string begins with a carriage return. Others stay.
    """
    if '"output_type"' not in text and not ('"ename"' in text and '"traceback"' in text):
        return text
    return _STRING.sub(_unquote, text)


def _unquote(string: re.Match[str]) -> str:
    shown = _ESCAPED_COLOUR.sub("", string["text"])
    return _ESCAPE.sub(lambda sign: _SIGNS.get(sign[1], sign[1]), shown.removesuffix("\\n"))


def without_tags(text: str) -> str:
    """The text that a notebook or a console showed, where it was saved as HTML; line breaks stay, and
    what HTML shows as a new line begins with a carriage return. Other texts stay as they are.
    """
    if "</" in text and _is_saved_output(text):
        for mark, closes in _UNSHOWN:
            text = _without(text, mark, closes)
        text = _TAG.sub(_replace_tag, text)
    elif not any(sign in text for sign in _ESCAPED[:3]):
        return text
    if "&" not in text:
        return text
    return html.unescape(_LINE_BREAK.sub("\r", text))


def _is_saved_output(text: str) -> bool:
    if not _SHOWN.search(text):
        return False
    return _OF_A_CONSOLE.search(text) is not None or not _PAGE.search(text)


def _without(text: str, mark: str, closes: str) -> str:
    """The text without what stands between two marks; its line breaks stay."""
    parts, at = [], 0
    start = text.find(mark)
    while start >= 0:
        end = text.find(closes, start)
        if end < 0:
            break
        parts += [text[at:start], "\n" * text.count("\n", start, end)]
        at = end + len(closes)
        start = text.find(mark, at)
    return "".join([*parts, text[at:]])


def _replace_tag(tag: re.Match[str]) -> str:
    return ("\r" if tag[2].lower() in _ENDS_A_LINE else "") + "\n" * tag[0].count("\n")


def join_cut_lines(lower: str) -> str:
    """A log of small letters whose lines a console cut at its width, with whole lines again, as long as
    before: the spaces of the joints stand behind the whole. Lines of one kind that are as long as each
    other stay apart.
    """
    if len(lower) > limits.TALK:
        return lower
    lines = lower.split("\n")
    width = _find_width(lines)
    if not width:
        return lower
    full = [at for at, line in enumerate(lines[:-1]) if len(line) == width]
    kinds = Counter(_FIGURE.sub("0", line[:_PREFIX]) for line in lines)
    cut = {at for at in full if _goes_on(lines[at], lines[at + 1], kinds)}
    if not cut:
        return lower
    joined, joints = [], 0
    for at, line in enumerate(lines):
        joined.append(line)
        if at in cut:
            joints += 1
        else:
            joined.append(" " * joints + "\n")
            joints = 0
    return "".join(joined)[: len(lower)]


def _find_width(lines: list[str]) -> int:
    """The width at which lines were cut, 0 where none were: that of the longest, or of many where a bar
    of progress is longer.
    """
    widths = Counter(len(line) for line in lines[:-1])
    longest = max(map(len, lines))
    often = max((w for w in widths if _NARROW <= w <= _WIDEST), key=widths.__getitem__, default=0)
    drawn = 0 if often == longest else widths[longest]
    if widths[often] >= max(4, len(lines) // 4, 2 * drawn + 1):
        return often
    least = 1 if longest in _COMMON else 2
    return longest if _NARROWEST <= longest <= _WIDEST and widths[longest] >= least else 0


def _goes_on(line: str, following: str, kinds: Counter[str]) -> bool:
    """Whether the following line is the rest of one that a console cut."""
    if not following.strip() or following.startswith(("  ", "\t")):
        return False
    if kinds[_FIGURE.sub("0", following[:_PREFIX])] > 1 or ERROR_LINE.match(following):
        return False
    return _CUT.match(line[-1]) is not None and _CUT.match(following[0]) is not None
