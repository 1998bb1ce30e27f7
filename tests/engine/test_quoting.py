"""Each quoting function against the reader of its language.

Real shells, and the published rules where there is none here.
"""

from __future__ import annotations

import re
import shutil
import string
import subprocess
import sys

import pytest
import tree_sitter
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model import quoting
from app.model.errors import InputError
from app.model.sources import is_address

SIGNS = string.printable + "äß€\u2018\u2019\u201a\u201b\u201c\u2028\x85\xa0日\x7f\x1b"
WORDS = st.one_of(
    st.text(SIGNS, max_size=30),
    st.text(
        st.characters(categories=None, exclude_categories=["Cs"], exclude_characters="\0"),
        max_size=20,
    ),
    st.sampled_from(
        (
            "",
            "-",
            "--",
            "~",
            "a=b",
            "$(touch x)",
            "`touch x`",
            "'",
            '"$HOME',
            "\\",
            "x\\",
            "*",
            "{a,b}",
            "!!",
            "#",
            "\n",
            "' ; x '",
            "%PATH%",
            "^",
            "@'",
            "'@",
        )
    ),
)


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="asks POSIX shells")
@pytest.mark.parametrize("shell", ["sh", "bash"])
@given(words=st.lists(WORDS, min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_shell_reads_each_word_as_it_was(shell: str, words: list[str]) -> None:
    script = "printf '%s\\0' " + " ".join(map(quoting.sh, words)) + "\n"
    done = subprocess.run(
        [shutil.which(shell) or shell], input=script.encode(), capture_output=True, check=True
    )
    assert done.stdout.decode().split("\0")[:-1] == words


LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())


def verbatim(text: str) -> tuple[str, str]:
    """A verbatim text at the beginning, as PowerShell's reader takes it apart
    (about_Quoting_Rules), and what stands behind it.
    """
    assert text[0] == "'"
    unquoted, at = "", 1
    while True:
        if text[at] in "'\u2018\u2019\u201a\u201b":
            if text[at + 1 : at + 2] and text[at + 1] in "'\u2018\u2019\u201a\u201b":
                unquoted, at = unquoted + text[at], at + 2
                continue
            return unquoted, text[at + 1 :]
        unquoted, at = unquoted + text[at], at + 1


@given(text=WORDS)
@settings(max_examples=500, deadline=None)
def test_powershell_reads_a_text_as_it_was(text: str) -> None:
    quoted = quoting.powershell_text(text)
    assert verbatim(quoted) == (text, "")
    tree = tree_sitter.Parser(LANGUAGE).parse(f"$x = {quoted}\n".encode()).root_node
    assert not tree.has_error or not text.isprintable()
    if text.isprintable():
        assert len(tree.children) == 1 and tree.children[0].type == "statement_list"


@given(word=WORDS)
@settings(max_examples=300, deadline=None)
def test_a_word_of_powershell_is_a_text_or_plain(word: str) -> None:
    if '"' in word:
        with pytest.raises(InputError):
            quoting.powershell(word)
        return
    quoted = quoting.powershell(word)
    assert (quoted == word and re.fullmatch(r"[A-Za-z-][A-Za-z0-9-]*", word)) or verbatim(quoted)


@given(word=WORDS)
@settings(max_examples=300, deadline=None)
def test_cmd_is_given_only_what_it_can_read(word: str) -> None:
    """cmd's rules: within double quotes only a double quote, a percent sign and a line end mean
    something.
    """
    try:
        quoted = quoting.cmd(word)
    except InputError:
        assert set(word) & set('"%' + "".join(map(chr, [*range(32), 127])))
        return
    assert quoted[0] == quoted[-1] == '"'
    assert quoted[1:-1] == word
    assert not set(word) & set('"%\r\n')


def read_entry(value: str) -> list[str]:
    """The key Exec as the specification reads it: the string's escapes, then quotes, then codes."""
    signs = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    text = re.sub(r"\\(.)", lambda m: signs[m.group(1)], value, flags=re.DOTALL)
    words = []
    for found in re.finditer(r'"((?:[^"\\`$]|\\["`$\\])*)"(?: |\Z)', text):
        words.append(re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL).replace("%%", "%"))
    return words


@given(argv=st.lists(WORDS, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_a_desktop_file_reads_each_argument_as_it_was(argv: list[str]) -> None:
    line = quoting.desktop_exec(argv)
    assert not set(line) & set("\r\n\t")
    assert read_entry(line) == argv
    assert not set(quoting.desktop_text("\n".join(argv))) & set("\r\n\t")


def test_jupyter_puts_nothing_in_place_of_a_folder() -> None:
    assert quoting.kernel_argument("/home/{x}/{}") == "/home/{x}/{}"
    for name in ("connection_file", "prefix", "resource_dir"):
        with pytest.raises(InputError, match="Jupyter"):
            quoting.kernel_argument(f"/home/{{{name}}}/x")


@given(text=WORDS)
@settings(max_examples=200, deadline=None)
def test_a_comment_is_one_line(text: str) -> None:
    line = quoting.comment(text)
    assert line.splitlines() == [line]
    assert line.startswith("#")


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://index.example/simple", True),
        ("https://me:p%40ss@index.example:8443/simple/?a=b&c=d", True),
        ("https://bücher.example/simple", True),
        ("file:///srv/simple", True),
        ('"$(touch${IFS}./PWNED)"', False),
        ("$(touch x)", False),
        ("https://h.example/$(touch x)", False),
        ("https://h.example/`x`", False),
        ('https://h.example/"x', False),
        ("https://h.example/\u2019;calc", False),
        ("https://h.example/${HOME}", False),
        ("https://h.example/a\nb", False),
        ("https://[::1", False),
        ("https://h:99999999/", False),
        ("https://h:x/", False),
        ("https:///simple", False),
        ("ftp://h/simple", False),
        ("-r", False),
        ("", False),
        ("simple", False),
    ],
)
def test_an_address_is_one(address: str, good: bool) -> None:
    assert is_address(address) is good
