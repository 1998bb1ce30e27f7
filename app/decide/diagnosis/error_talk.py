"""Finds text that talks about errors: chats, questions, quotations, documents, source code.

What a run printed and somebody copied into such a text, a traceback for instance, stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from app.decide.diagnosis.code_comments import find_comments
from app.decide.diagnosis.listed_lines import find_listed_lines, lines_with
from app.decide.diagnosis.run_outcome import ENDED, ERROR_LINE, NEW_RUN
from app.model import limits

Span = tuple[int, int]

# A person's line of a chat, with the time before the name, or as IRC writes it.
_CHAT = re.compile(
    r"^(?:\[(?:[\d./-]{6,10},? )?\d{1,2}:\d\d(?::\d\d)?(?: [ap]m)?\] |\d{1,4}[./-]\d{1,2}[./-]\d{2,4}, \d{1,2}:\d\d(?: [ap]m)? - )"
    r"([^\n:\[\]]{1,30}): [^\n]*|^(?:\[?\d\d:\d\d(?::\d\d)?\]? )?<([\w@+ -]{1,30})> [^\n]*",
    re.MULTILINE,
)
# A name and a time above what the person wrote.
_HEAD = re.compile(
    r"^([^\W\d_][^\n:,\[\]\d]{1,28}?)(?:,| [—–-]| |) ?(?:(?:today|yesterday) at )?\[?\d{1,2}:\d\d(?: ?[ap]m)?\]?[ \t]*$",
    re.MULTILINE,
)
# What nobody types: a compiler's message with its place in a file, a frame of a traceback.
_COPIED = re.compile(r"[\\/][^\s:]+:\d+(?::\d+)?: (?:fatal )?error: |\bfile \"[^\"]+\", line \d+")
_LOGGERS = re.compile(r"(?:debug|info|warn|warning|error|critical|fatal|trace|notice)\b")
_SECONDS = re.compile(r"\W?[^\]>]{0,14}\d\d:\d\d:\d\d")
_SPEAKS = re.compile(
    r"\?[ )]*$|(?<!['\w])(?:i|you|we|my|your|me|thanks|thx|pls|please|lol|hi|hello|ok|yes|yeah|ich|du|wir|mein|danke|bitte|"
    r"ja|je|tu|mon|merci|yo|tú|gracias|eu|você|obrigad[oa]|io|grazie|я|ты|спасибо)(?![\w'])"
)
_PEOPLE = 2  # who take part in a chat, at least
# A run's own words in a text: a traceback, an error that begins its line, a prompt.
_REAL = re.compile(
    rf"\n[ \t]*\n|\n(?:{ERROR_LINE.pattern.removeprefix('^')}|[\w.-]+@\S+[$#%>] |\$ \S|ps [a-z]:)"
)
_QUESTION = re.compile(r"^(?:\*\*)?q\d*(?:\*\*)?[:.] [^\n]*", re.MULTILINE)
# A question and its answer, each with its letter or word and maybe a number, in many languages.
_ASKS = "q|f|p|d|в|question|frage|pregunta|pergunta|domanda|вопрос|質問|问题|問題|问|問|질문|문"
_ANSWERS = "a|r|o|о|answer|antwort|respuesta|r.ponse|resposta|risposta|ответ|回答|答え|答|답변|답"
_MARK = r"[ ]?\d{0,3}(?:\*\*)?[ ]?(?:[.:)](?:\*\*)?[ \t]|[：．、])"
_PAIR = re.compile(
    rf"^[^\w\n]{{0,4}}(?:{_ASKS}){_MARK}[^\n]*(?:\n[^\n]*){{0,3}}?\n[^\w\n]{{0,4}}(?:{_ANSWERS}){_MARK}[^\n]*",
    re.MULTILINE,
)
# A line that ends as a question: with a number before it, a mark that no program's English has, or a
# message of some words in quotes.
_SPOKEN = r"\"[^\"\n]+\"|«[^»\n]+»|»[^«\n]+«|„[^\"“”\n]+[\"“”]|「[^」\n]+」|『[^』\n]+』|《[^》\n]+》|‹[^›\n]+›"
_ANY_QUOTE = re.compile(_SPOKEN)
_OPENS_QUOTE = '"«»„「『《‹'
_QUOTES = rf"{_SPOKEN}|`[^`\n]+`"  # the last as programs write a command
_QUESTION_MARK = r"[?？؟;՞][ \t*_)\"»」』]*$"
_MARKS = "?？؟;՞"
_FOREIGN_MARK = re.compile(r"[？؟՞][ \t]*$")
_NUMBERED = re.compile(r"[^\w\n]{0,4}\d{1,3}[.)、] [^\n]{8}")
_ENDS_AS_QUESTION = re.compile(_QUESTION_MARK)
_ASKED_OF = re.compile(rf"(?:{_QUOTES})(?:(?![.!] )[^\n])*{_QUESTION_MARK}")
# A paragraph that somebody wrote: whole sentences, and nothing as programs print it.
_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
_PRINTED = re.compile(
    rf"{ERROR_LINE.pattern}|\d\d:\d\d:\d\d|\d%|^[ \t]*file \"|^[ \t]*at \S+\(|"
    r"^[ \t]*\W?\b(?:debug|info|warn(?:ing)?|critical|error|hint|note)\b[ \t]*[:\]]|"
    r"^[\w.-]+@\S+[$#%>]|^(?:\$|>>>|ps [a-z]:|[a-z]:\\|\+ )|^[ \t]*[\[{<]|\w=\S|\"\w+\":|"
    r"\bexit (?:code|status)|\S+\.(?:py|c|cpp|cc|rs|go|js):\d+|\w\(\w*\)",
    re.MULTILINE,
)
_SENTENCE_ENDS = re.compile(r"[.!?。！？؟…:][\"'»」』)]*(?:\s|$)|[。！？]")
_WORD = re.compile(r"[^\W\d_]+")
_OF_WORDS = re.compile(r"[぀-ヿ㐀-鿿가-힯]")  # scripts that part their words otherwise
_WORDS = 8  # beside the quotations, at least
_SPOKEN_QUOTE = re.compile(
    rf"(?<![:=(,\[{{]) ?(?<![\w.-])(?:{_SPOKEN})(?=[ \t]?[^\W\d_]|[ \t]?[,.;:!?—–-]|[ \t]*$|[，。、；])",
    re.MULTILINE,
)
# What somebody tells of an error, and the quotation in it.
_TOLD = re.compile(
    r"\b(?:i|we|you|he|she|they|somebody|someone|people)(?:'ve|'d)? (?:\w+ )?"
    r"(?:saw|seen?|gets?|got|had|have|hit|read|met|remember|wrote|said|googled)\b"
)
# What somebody asks, with a message in it. Python's own hints ("did you mean: 'x'?") ask otherwise.
_ASKED = re.compile(
    r"^(?:> ?)?(?:why|how|what|where|when|who|does|do|did|is|are|has|have|can|could|should|anyone|anybody)\b"
    r"[^\n]*[\"'`][^\n]+[\"'`][^\n]*\?[ \t]*$",
    re.MULTILINE,
)
_QUOTED = re.compile(r"\"[^\"\n]+\"|`[^`\n]+`")
# What a line says beside its quotations where it prints a failure, in words or as a record.
_SAYS_FAILURE = re.compile(
    r"error\b|exception|(?<![a-z_])fail(?:ed|ure|s|ing)?(?![a-z_])|fatal|critical|\bwarn|panic|\babort|\btraceback|"
    r"\bcannot\b|\bcan't\b|could(?: not|n't)\b|\bunable\b|\bdenied\b|\brefused\b|\braised?\b|"
    r"fehler|erreur|ошибк|错误|錯誤|エラー|오류|\blevel=|\bmsg=|\b(?:message|msg|stderr|detail)\b[\"']?[ \t]*:|"
    r"\"(?:error|exception|level|severity|status|stderr|output|reason|log)\"[ \t]*:|^[ \t]*file \"|"
    r"\bexit(?:ed)? (?:code|status)"
)
# A message in quotes: some words, or one that tells a failure. The name of a field is none.
_MESSAGE = re.compile(r"\S[ \t]+\S|error|exception|fail|denied|refused|missing")
_FIELD_NAME = re.compile(r"\"\w+\"[ \t]*:")
# A line of a log that is written as JSON, with its time.
_RECORD = re.compile(r"[ \t,\[]*\{[^\n]*\"(?:@?timestamp|time|ts|asctime|datetime)\"[ \t]*:")
# A subtitle: when it is seen, and what is said then.
_SUBTITLE = re.compile(
    r"^(?:\d+:)?\d\d:\d\d[.,]\d{3} --> [^\n]*(?:\n[^\n]*\S[^\n]*)*", re.MULTILINE
)
# How files begin that are no output of a run: scripts, sources, markup, translations, settings.
_FILE_BEGINS = re.compile(
    r"\s*(?:#!/|<[?!]|<(?!stdin|string|frozen|unknown|ipython)[a-z][\w:-]*(?: [^>\n]*)?>|"
    r"\\(?:documentclass|begin|section|chapter)\b|begin:v|#include\b|package \w|use strict|\"\"\"|"
    r"(?:#[^\n]*\n)*\s*msgid \"|#: \S+:\d|---[ \t]*\n\w+:|(?:groups|rules|services|on|jobs):[ \t]*\n)"
)
_TEST_FAILED = re.compile(r"<(?:failure|error|system-err)\b")
# An earlier mail below the one that answers it.
_REPLIED = re.compile(
    r"^(?:> ?)*[^\n>]{0,160}\b(?:wrote|writes|schrieb|a .crit|escribi.|ha scritto|escreveu|писал\w?|написал\w?)\b[^\n]{0,60}:[ \t]*"
    r"(?:\n[ \t]*(?=\n))*(?:\n>[^\n]*|\n(?=\n>))+",
    re.MULTILINE,
)
# Headings of a document, and its part on errors that may come.
_HEADING = re.compile(r"^#{2,6} (?!error\b|fatal\b)[^\n]*[^\n#]$", re.MULTILINE)
_ABOUT_WORDS = (
    *("troubleshooting", "faq", "frequently asked"),
    *(f"{how} {what}" for how in ("common", "known") for what in ("errors", "problems", "issues")),
)
_ABOUT = rf"\b(?:{'|'.join(_ABOUT_WORDS)})\b"
_ERRORS_PART = re.compile(
    rf"^(#{{1,6}}) [^\n]*{_ABOUT}[^\n]*|^[^\n#]{{0,40}}{_ABOUT}[^\n]{{0,40}}\n([=~-])\2{{3,}}$",
    re.MULTILINE,
)
_PART_ENDS = re.compile(
    r"^(?:traceback \(most|[\w.-]+@\S+[$#%>] |\$ \S|ps [a-z]:[^\n]*>)", re.MULTILINE
)
_HUNK = re.compile(r"^@@ -\d[^\n]*\n(?:[ +-][^\n]*\n?|\n(?=[ +-]))*", re.MULTILINE)
# A line of source that would write an error.
_SOURCE = re.compile(
    r"^[ \t]*(?:[+-][ \t]*|\d+[:-][ \t]*)?(?:raise \w|print\(|log(?:ger|ging)?\.\w+\(|throw new |"
    r"except\b[^\n]*:[ \t]*$|(?:el)?if [^\n]*[\"'] (?:not )?in [^\n]*:[ \t]*$|sys\.exit\(|warnings\.warn\()[^\n]*",
    re.MULTILINE,
)
# A line of a file as grep shows it; compilers, warnings and pytest write a column or a space.
_GREPPED = re.compile(
    r"^[\w./\\-]+\.(?:py|md|rst|txt|toml|ya?ml|js|ts|c|cc|cpp|h):\d+[:-]"
    r"(?=[^\s\d]|  )(?![ \t]*[\w.]*(?:error|exception|warning)\b)[^\n]*",
    re.MULTILINE,
)
# A program's help: how it is called, and below it the options, each with what it does.
_USAGE = re.compile(r"^[ \t]*usage: [^\n]*\n(?=(?:[^\n]*\n)*?[ \t]*-{1,2}\w)", re.MULTILINE)
_OPTION = re.compile(
    r"^([ \t]*)(?:-{1,2}\w|(?<=[ \t])[a-z][\w-]*[ \t]{2,}\S)[^\n]*(?:\n\1[ \t]+[^\n]*)*",
    re.MULTILINE,
)
# What a person and a model say to each other. The program's own errors begin their line.
_MODEL_STARTED = re.compile(r"^[^\n]{0,60}[$#%>] ?ollama run \S", re.MULTILINE)
_MODEL_CHAT = re.compile(
    r"^>>> (?!/)[^\n]*(?:\n(?!error:|[\w.-]+@\S+[$#%>] |[$%#>] |[a-z]:\\|>>> )[^\n]*)*",
    re.MULTILINE,
)
# What a document says of a message, behind it: **`message`** — remedy.
_ENTRY = re.compile(
    r"^[ \t]*(?:[-*+] )?(?:\*\*)?`[^`\n]*\S[^`\n]*`(?:\*\*)?[ \t]*(?:[—–:]|->|→|-[ \t])[^\n]*",
    re.MULTILINE,
)
# What a command shows of a file that is no output of a run, to the next prompt.
_PROMPT = r"(?:\(\S+\) )?(?:[\w.-]+@[^\n$#%>]+[$#%>]|[$%>]|ps [a-z]:[^\n>]*>|[a-z]:\\[^\n>]*>)"
_SHOWN_FILE = re.compile(
    rf"^{_PROMPT} ?(?:cat|bat|batcat|less|more|head|tail|sed|type|gc|get-content|nl)\b[^\n|>]*?"
    r"(?:\.(?:py|pyi|md|rst|toml|ya?ml|sh|bat|cmd|ps1|cfg|ini|c|cc|cpp|cu|h|hpp|rs|go|js|ts|html|tex|ipynb)|"
    r"\b(?:readme|dockerfile|modelfile|makefile|changelog))['\"]?(?:[ \t]*\|[^\n]*)?[ \t]*\n"
    rf"((?:(?!{_PROMPT} ?\S|{_PROMPT}[ \t]*$)[^\n]*\n?)+)",
    re.MULTILINE,
)
_FRAME_LINES = 3  # of a statement that Python shows below the frame of a traceback


def find_error_talk(lower: str) -> list[Span]:
    """Where such text stands in a log's small letters. Each kind is looked for only where a plain
    string says that it may be there, and none in a log that is larger than people write (``TALK``).
    """
    if len(lower) > limits.TALK:
        return []
    if _is_a_file(lower):
        return [(0, len(lower))]
    spans = [*_chat(lower), *_quotations(lower), *_questions(lower), *find_listed_lines(lower)]
    spans += find_comments(lower)
    if "`" in lower:
        entries = [entry.span() for entry in _ENTRY.finditer(lower)]
        spans += entries if len(entries) > 1 else []
    spans += (shown.span(1) for shown in _SHOWN_FILE.finditer(lower))
    if "usage:" in lower:
        spans += _help_text(lower)
    if "ollama run " in lower and (begun := _MODEL_STARTED.search(lower)):
        spans += (chat.span() for chat in _MODEL_CHAT.finditer(lower, begun.end()))
    if "q: " in lower or "q:** " in lower:
        spans += (match.span() for match in _QUESTION.finditer(lower))
    if "@@ -" in lower:
        spans += (match.span() for match in _HUNK.finditer(lower))
    if "\n>" in lower:
        spans += (match.span() for match in _REPLIED.finditer(lower))
    if "# " in lower:
        spans += (match.span() for match in _HEADING.finditer(lower))
    if any(word in lower for word in _ABOUT_WORDS):
        spans += (_part_on_errors(lower, match) for match in _ERRORS_PART.finditer(lower))
    if "grep" in lower or "$ rg " in lower:
        spans += (match.span() for match in _GREPPED.finditer(lower))
    if any(
        word in lower for word in ("raise ", "print(", "log", "throw ", "except", " in ", "exit(")
    ):
        spans += _source_lines(lower)
    return spans


def _chat(lower: str) -> Iterator[Span]:
    lines = [one for one in _CHAT.finditer(lower) if not _LOGGERS.match(one[1] or one[2])]
    if len({one[1] or one[2] for one in lines}) >= _PEOPLE and not _of_programs(lines):
        yield from (one.span() for one in lines if not _COPIED.search(one[0]))
    heads = list(_HEAD.finditer(lower))
    if len({one[1] for one in heads}) >= _PEOPLE:
        for head in heads:
            real = _REAL.search(lower, head.end())
            yield head.start(), real.start() if real else len(lower)


def _of_programs(lines: Sequence[re.Match[str]]) -> bool:
    """Whether parts of a program write these lines: with the second, and nobody asks or speaks."""
    timed = sum(_SECONDS.match(one[0]) is not None for one in lines)
    return timed * 2 > len(lines) and sum(_SPEAKS.search(one[0]) is not None for one in lines) < 2


def _quotations(lower: str) -> Iterator[Span]:
    yield from (asked.span() for asked in _ASKED.finditer(lower))
    for told in _TOLD.finditer(lower):
        start = lower.rfind("\n", 0, told.start()) + 1
        end = lower.find("\n", told.end())
        quotes = _QUOTED.finditer(lower, start, len(lower) if end < 0 else end)
        yield from (quote.span() for quote in quotes)


def _questions(lower: str) -> Iterator[Span]:
    pairs = list(_PAIR.finditer(lower))
    for pair, following in zip_longest(pairs, pairs[1:]):
        # what stands between two questions belongs to the first answer, unless a run printed it
        real = (_PART_ENDS if following else _REAL).search(lower, pair.end())
        ends = [one.start() for one in (following, real) if one]
        yield pair.start(), min(ends, default=len(lower))
    for start, end in lines_with(lower, _MARKS):
        if _is_question(lower[start:end]):
            yield start, end
    if " --> " in lower:
        yield from (subtitle.span() for subtitle in _SUBTITLE.finditer(lower))
    if re.search(_SPOKEN, lower):
        yield from _quoted_messages(lower)
        for paragraph in _PARAGRAPH.finditer(lower):
            yield from _spoken_quotes(lower, paragraph)


def _help_text(lower: str) -> Iterator[Span]:
    for usage in _USAGE.finditer(lower):
        yield from (option.span() for option in _OPTION.finditer(lower, usage.end()))


def _is_question(line: str) -> bool:
    if not _ENDS_AS_QUESTION.search(line) or "did you" in line:
        return False
    if ERROR_LINE.match(line) or NEW_RUN.match(line):
        return False
    asked = _FOREIGN_MARK.search(line) or _NUMBERED.match(line) or _ASKED_OF.search(line)
    return asked is not None


def _is_a_file(lower: str) -> bool:
    """Whether it begins as a file of some format and no run printed anything into it."""
    if not _FILE_BEGINS.match(lower) or _TEST_FAILED.search(lower):
        return False
    bare = _ANY_QUOTE.sub("", lower)
    return not any(sign.search(bare) for sign in (ERROR_LINE, ENDED, _PART_ENDS))


def _quoted_messages(lower: str) -> Iterator[Span]:
    """Messages in quotes on a line that says of no failure itself: somebody's words, source, a list."""
    for start, end in lines_with(lower, _OPENS_QUOTE):
        if _RECORD.match(lower, start, end):
            continue
        spans = [
            one.span()
            for one in _ANY_QUOTE.finditer(lower, start, end)
            if _MESSAGE.search(one[0][1:-1]) and not _FIELD_NAME.match(lower, one.start())
        ]
        beside = lower[start:end]
        for at, until in reversed(spans):
            beside = beside[: at - start] + " " + beside[until - start :]
        if not _SAYS_FAILURE.search(beside):
            yield from spans


def _spoken_quotes(lower: str, paragraph: re.Match[str]) -> Iterator[Span]:
    """Messages in quotes within the sentences of a paragraph that no program printed."""
    start, end = paragraph.span()
    quotes = [match.span() for match in _SPOKEN_QUOTE.finditer(lower, start, end)]
    quotes = [span for span in quotes if " " in lower[slice(*span)].strip()[1:-1].strip()]
    if not quotes or _PRINTED.search(paragraph[0]) or not _SENTENCE_ENDS.search(paragraph[0]):
        return
    rest = re.sub(_QUOTES, " ", paragraph[0])
    if len(_WORD.findall(rest)) + len(_OF_WORDS.findall(rest)) // 2 >= _WORDS:
        yield from quotes


def _part_on_errors(lower: str, heading: re.Match[str]) -> Span:
    """To the next heading of the same rank or a higher one, or to what a run printed."""
    if heading[1]:
        next_one = rf"^#{{1,{len(heading[1])}}} "
    else:
        next_one = rf"^[^\n]+\n{heading[2]}{{4,}}$"
    following = re.compile(next_one, re.MULTILINE).search(lower, heading.end())
    ends = [one.start() for one in (following, _PART_ENDS.search(lower, heading.end())) if one]
    return heading.start(), min(ends, default=len(lower))


def _source_lines(lower: str) -> Iterator[Span]:
    """Those that no frame of a traceback shows; a log may be cut behind a frame's head."""
    for line in _SOURCE.finditer(lower, lower.find("\n") + 1 or len(lower)):
        start = line.start()
        for _ in range(_FRAME_LINES):
            start = lower.rfind("\n", 0, max(0, start - 1)) + 1
        if 'file "' not in lower[start : line.start()]:
            yield line.span()
