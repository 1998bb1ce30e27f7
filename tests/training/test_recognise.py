"""What is recognised in data files: fifteen as people have them, then other cases of each kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.decide.datasets.recognise import canonical_lines, count_reasons, recognise
from app.model.dataset import Confirmation, Dataset, Format, ReadOptions, Shape
from app.model.errors import InputError

DATA = Path(__file__).parent / "data"
QA: dict[str, str] = {"question": "instruction", "answer": "output"}

# file: format, encoding, with a mark, shape, mapping, usable rows, what is asked
FILES: dict[str, tuple[Format, str, bool, Shape, dict[str, str], int, tuple[str, ...]]] = {
    "a_instruction.jsonl": ("json-lines", "utf-8", False, "instruction", QA, 6, ()),
    "b_alpaca_input.jsonl": ("json-lines", "utf-8", False, "instruction", {**QA, "context": "input"}, 4, ()),
    "c_messages.jsonl": ("json-lines", "utf-8", False, "messages", {"messages": "messages"}, 6, ()),
    "d_sharegpt.jsonl": ("json-lines", "utf-8", False, "sharegpt", {"messages": "conversations"}, 6, ()),
    "e2_array_oneline.json": ("json", "utf-8", False, "instruction", QA, 6, ()),
    "e_array.json": ("json", "utf-8", False, "instruction", QA, 6, ()),
    "f_table.csv": ("csv", "utf-8", False, "instruction", QA, 6, ()),
    "g_bom.jsonl": ("json-lines", "utf-8", True, "instruction", QA, 6, ()),
    "h_prompt_completion.jsonl": ("json-lines", "utf-8", False, "prompt-completion",
                                  {"question": "prompt", "answer": "completion"}, 6, ()),
    "i_capitals.jsonl": ("json-lines", "utf-8", False, "instruction",
                         {"question": "Instruction", "context": "Input", "answer": "Output"}, 6, ()),
    "j_text.txt": ("text", "utf-8", False, "text", {"text": "text"}, 1, ()),
    "k_empty_output.jsonl": ("json-lines", "utf-8", False, "instruction", QA, 0, ("bad-rows",)),
    "l_ansi.jsonl": ("json-lines", "cp1252", False, "instruction", QA, 4, ("encoding",)),
    "m_qa.jsonl": ("json-lines", "utf-8", False, "question-answer", {"question": "question", "answer": "answer"}, 6, ()),
    "n_system.jsonl": ("json-lines", "utf-8", False, "instruction", {**QA, "system": "system"}, 6, ()),
}  # fmt: skip


def rows_of(
    name: str, data: bytes, options: ReadOptions | None = None, agreed: Confirmation | None = None
) -> list[Any]:
    """The canonical rows, parsed."""
    return [json.loads(line) for line in canonical_lines(name, data, options, agreed)]


def lines(*rows: object) -> bytes:
    """JSON lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def turns(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Role and content of each message."""
    return [(m["role"], m["content"]) for m in row["messages"]]


def asked(dataset: Dataset) -> tuple[str, ...]:
    """The codes of what must be confirmed."""
    return tuple(question.code for question in dataset.questions)


def test_every_file_has_an_expected_outcome() -> None:
    """No file without a line in the table, no line without a file."""
    assert {p.name for p in DATA.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_fifteen_files(name: str) -> None:
    """Each is recognised as what it is, with every column in use; what cannot be used is asked about."""
    seen = recognise(name, (DATA / name).read_bytes())
    assert seen.encoding is not None
    found = (
        seen.format,
        seen.encoding.name,
        seen.encoding.mark,
        seen.shape,
        seen.mapping,
        seen.rows,
        asked(seen),
    )
    assert found == FILES[name]
    assert seen.unused == ()


@pytest.mark.parametrize("name", [n for n, expected in FILES.items() if not expected[6]])
def test_the_sound_files_become_canonical(name: str) -> None:
    """Every row, in the form that the script reads."""
    made = rows_of(name, (DATA / name).read_bytes())
    assert len(made) == FILES[name][5]
    for row in made:
        assert list(row) in (["messages"], ["text"])
        if "messages" in row:
            assert [role for role, _ in turns(row)][-2:] == ["user", "assistant"]
            assert all(content.strip() for _, content in turns(row))


def test_no_column_is_lost() -> None:
    """Alpaca's input stands under its instruction; a system text is the first message."""
    row = rows_of("b_alpaca_input.jsonl", (DATA / "b_alpaca_input.jsonl").read_bytes())[0]
    assert turns(row) == [
        ("user", "Translate to German\n\ngood morning"),
        ("assistant", "guten Morgen"),
    ]
    row = rows_of("n_system.jsonl", (DATA / "n_system.jsonl").read_bytes())[0]
    assert turns(row)[0] == ("system", "Be brief.")


def test_empty_answers_are_refused_by_line() -> None:
    """With all rows bad nothing is left, whatever was agreed to."""
    data = (DATA / "k_empty_output.jsonl").read_bytes()
    with pytest.raises(
        InputError,
        match="no row that can be used: all 4 are bad, the first in line 1: 'output' is empty",
    ):
        rows_of("k_empty_output.jsonl", data, agreed=Confirmation(skip_bad_rows=True))


def test_a_code_page_is_said_and_not_guessed() -> None:
    """The proposal is shown with a line as it reads; nothing is written before it is confirmed."""
    data = (DATA / "l_ansi.jsonl").read_bytes()
    question = recognise("l_ansi.jsonl", data).questions[0]
    assert "cp1252" in question.text and "Größe 0?" in question.text
    with pytest.raises(InputError, match="probably cp1252"):
        rows_of("l_ansi.jsonl", data)
    assert turns(rows_of("l_ansi.jsonl", data, ReadOptions(encoding="cp1252"))[0])[0] == (
        "user",
        "Größe 0?",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_with_a_mark_or_utf8(encoding: str) -> None:
    """The same rows come out, and nothing is asked."""
    text = '{"question": "Größe?", "answer": "schön – 好"}\n'
    assert recognise("x.jsonl", text.encode(encoding)).questions == ()
    assert turns(rows_of("x.jsonl", text.encode(encoding))[0]) == [
        ("user", "Größe?"),
        ("assistant", "schön – 好"),
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_asked_about(encoding: str) -> None:
    """It is seen, and a person says yes."""
    data = '{"question": "Size of it?", "answer": "small"}\n'.encode(encoding)
    assert asked(recognise("x.jsonl", data)) == ("encoding",)
    assert rows_of("x.jsonl", data, ReadOptions(encoding=encoding))


def test_the_computers_own_code_page_is_proposed() -> None:
    """Japanese text of an older program, on a Japanese Windows."""
    data = '{"question": "大きさ", "answer": "小さい"}\n'.encode("cp932")
    seen = recognise("x.jsonl", data, ReadOptions(code_page="cp932"))
    assert (
        seen.encoding is not None
        and seen.encoding.name == "cp932"
        and "大きさ" in seen.encoding.sample
    )
    assert asked(seen) == ("encoding",)


def test_one_damaged_line_does_not_make_a_file_a_code_page() -> None:
    """UTF-8 with a line of another encoding pasted in: that row is bad, the others are read as they are."""
    good = [{"question": f"Größe {n}", "answer": "schön"} for n in range(5)]
    data = (
        lines(*good) + '{"question": "Höhe", "answer": "groß"}\n'.encode("cp1252") + lines(good[0])
    )
    seen = recognise("x.jsonl", data)
    assert (seen.rows, [(b.line, b.code) for b in seen.bad_rows]) == (6, [(6, "not-utf8")])
    assert seen.bad_rows[0].reason == "byte 0xf6 is no UTF-8"


@pytest.mark.parametrize(("chosen", "said"), [("klingon", "no encoding 'klingon'"), ("base64", "no encoding"),
                                              ("ascii", "has no meaning there")])  # fmt: skip
def test_a_wrong_encoding_is_refused(chosen: str, said: str) -> None:
    """One sentence."""
    with pytest.raises(InputError, match=said):
        recognise(
            "x.jsonl", '{"question": "ä", "answer": "bb"}'.encode(), ReadOptions(encoding=chosen)
        )


def test_a_mark_contradicts_a_wish() -> None:
    """The file says UTF-16, the person cp1252."""
    with pytest.raises(InputError, match="mark of UTF-16"):
        recognise("x.jsonl", '{"a": "b"}'.encode("utf-16"), ReadOptions(encoding="cp1252"))


TABLES = {
    "excel in Germany": ("question;answer\r\n1,5 oder 2?;2\r\n", "x.csv", ";"),
    "sep line": ("sep=|\nquestion|answer\na|b\n", "x.csv", "|"),
    "tabs": ("question\tanswer\na, b\tc\n", "x.tsv", "\t"),
    "tabs called csv": ("question\tanswer\na, b\tc\n", "x.csv", "\t"),
    "a table called txt": ("question,answer\na,b\nc,d\n", "x.txt", ","),
    "no known names": ("alpha;beta\n1;2\n3;4\n", "x.csv", ";"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables(kind: str) -> None:
    """The sign between cells is found; a comma in a cell does not mislead."""
    text, name, delimiter = TABLES[kind]
    seen = recognise(name, text.encode())
    assert (seen.format in ("csv", "tsv"), seen.delimiter, len(seen.columns)) == (
        True,
        delimiter,
        2,
    )
    assert seen.bad_rows == ()


def test_rows_of_a_table_that_do_not_fit() -> None:
    """Too many cells, a quote that is never closed; lines are counted through line breaks inside cells."""
    text = 'question,answer\n"two\nlines",yes\na,b,c\nd,e\n\nf,"never closed\n'
    seen = recognise("x.csv", text.encode())
    assert [(b.line, b.code) for b in seen.bad_rows] == [(4, "cell-count"), (7, "bad-table-row")]
    assert seen.rows == 2
    assert turns(json.loads(seen.samples[0]))[0] == ("user", "two\nlines")


def test_a_long_cell_and_a_table_without_header() -> None:
    """Longer than Python's own limit of 128 KiB; columns are mapped by number."""
    data = f"why,{'x' * 200_000}\nhow,so\n".encode()
    made = rows_of(
        "x.csv", data, ReadOptions(header=False, mapping={"question": "1", "answer": "2"})
    )
    assert len(made) == 2 and len(turns(made[0])[1][1]) == 200_000


JSONS = {
    "one list inside": ('{"version": 1, "data": [{"prompt": "a", "completion": "b"}]}', "prompt-completion", 1),
    "objects over lines": (  # one object over several lines
        '{\n"prompt": "a",\n"completion": "b"\n}\n{\n"prompt": "c",\n"completion": "d"\n}', "prompt-completion", 2),
    "columns as lists": ('{"question": ["a", "b"], "answer": ["c", "d"]}', "question-answer", 2),
    "columns as pandas writes them": ('{"question": {"0": "a", "1": "b"}, "answer": {"0": "c", "1": "d"}}', "question-answer", 2),
    "one row": ('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}', "messages", 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", JSONS)
@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_forms_of_json(kind: str, name: str) -> None:
    """The content decides, whatever the name says."""
    text, shape, count = JSONS[kind]
    seen = recognise(name, text.encode())
    assert (seen.shape, seen.rows, seen.bad_rows) == (shape, count, ())


def test_several_lists_are_asked_about() -> None:
    """Which of them is a person's choice."""
    data = b'{"train": [{"text": "a"}], "test": [{"text": "b"}]}'
    with pytest.raises(InputError, match="several lists of rows: 'train' and 'test'"):
        recognise("x.json", data)
    assert rows_of("x.json", data, ReadOptions(list_name="test")) == [{"text": "b"}]
    with pytest.raises(InputError, match="no list 'dev'"):
        recognise("x.json", data, ReadOptions(list_name="dev"))


@pytest.mark.parametrize(("text", "said"), [
    ('[{"text": "a"},\n {"text": }]', "line 2, column 11"),
    ('[{"text": "a"},\n {"text": "b"', "line 2"),
    ('[{"text": "a"}\n', "cut off"),
    ('{"text": ["a"', "line 1"),
    ("[" * 100_000, "too deep"),
    ('{"a": 1, "b": {"c": 2}}', "without a list of rows"),
])  # fmt: skip
def test_json_that_is_none(text: str, said: str) -> None:
    """Line and column, one sentence."""
    with pytest.raises(InputError, match=said):
        recognise("x.json", text.encode())


def test_bad_lines_are_named_and_counted() -> None:
    """Each with its line and its reason; usable rows only after a yes."""
    good = {"instruction": "a", "output": "b"}
    bad = [b'{"instruction": "a" "output": "b"}', b'["a", "b"]', b'{"instruction": "a", "output": "b"},', b'{"instruction": "x"}',
           b'{"instruction": "x", "output": ["y"]}', b'{"instruction": "x", "output": "y", "output": "z"}',
           b'{"instruction": "x", "output": true}', b'{"instruction": "x", "output": "\\ud800"}']  # fmt: skip
    data = lines(*[good] * 12) + b"\n" + b"\n".join(bad)
    seen = recognise("x.jsonl", data)
    assert [(b.line, b.code) for b in seen.bad_rows] == list(enumerate(
        ["not-json", "not-an-object", "not-json", "missing", "no-messages", "key-twice", "not-text", "not-utf8"], 14))  # fmt: skip
    assert seen.rows == 12 and seen.duplicates == 11
    assert "ends with a comma" in seen.bad_rows[2].reason
    assert dict(count_reasons(seen.bad_rows))["it has no 'output'"] == 1
    with pytest.raises(InputError, match=r"8 rows of x\.jsonl cannot be used"):
        rows_of("x.jsonl", data)
    assert len(rows_of("x.jsonl", data, agreed=Confirmation(skip_bad_rows=True))) == 12


def test_columns_without_a_use_must_be_confirmed() -> None:
    """Named, each or all at once; another name than they have does not count."""
    data = lines(
        *[{"id": n, "instruction": "a", "output": "b", "Source Name": "web"} for n in range(3)]
    )
    assert recognise("x.jsonl", data).unused == ("id", "Source Name")
    for ignored in ((), ("id",), ("id", "other")):
        with pytest.raises(InputError, match="'id' and 'Source Name'"):
            rows_of("x.jsonl", data, agreed=Confirmation(ignore_columns=ignored))
    for ignored in (("id", "source_name"), ("*",)):
        assert len(rows_of("x.jsonl", data, agreed=Confirmation(ignore_columns=ignored))) == 3


def test_a_mapping_by_hand() -> None:
    """Columns that nobody knows, mapped; what is not mapped is named."""
    data = lines(*[{"Frage": "a", "Antwort": "b", "Nr": 1}] * 2)
    assert asked(recognise("x.jsonl", data)) == ("mapping",)
    with pytest.raises(
        InputError,
        match=r"No shape of x\.jsonl is known: its columns are 'Frage', 'Antwort' and 'Nr'",
    ):
        rows_of("x.jsonl", data)
    by_hand = ReadOptions(mapping={"question": "frage", "answer": "Antwort"})
    assert recognise("x.jsonl", data, by_hand).unused == ("Nr",)
    assert len(rows_of("x.jsonl", data, by_hand, Confirmation(ignore_columns=("Nr",)))) == 2


@pytest.mark.parametrize(("mapping", "said"), [
    ({"question": "q", "answer": "nothing"}, "no column 'nothing'; the file has 'q' and 'a'"),
    ({"question": "q"}, "not complete"), ({"question": "q", "answer": "Q"}, "one column twice"),
])  # fmt: skip
def test_a_wrong_mapping(mapping: Any, said: str) -> None:
    """One sentence."""
    with pytest.raises(InputError, match=said):
        recognise("x.jsonl", lines({"q": "1", "a": "2"}), ReadOptions(mapping=mapping))


CONVERSATIONS: dict[str, tuple[object, list[tuple[str, str]] | str]] = {
    "roles of ShareGPT": ({"conversations": [{"from": "system", "value": "s"}, {"from": "Human", "value": "q"},
                                             {"from": "GPT", "value": "a"}]}, [("system", "s"), ("user", "q"), ("assistant", "a")]),
    "system beside": ({"system": "s", "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
                      [("system", "s"), ("user", "q"), ("assistant", "a")]),
    "parts of text": ({"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]},
                                    {"role": "assistant", "content": "a"}]}, [("user", "q"), ("assistant", "a")]),
    "a picture": ({"messages": [{"role": "user", "content": [{"type": "image"}]}, {"role": "assistant", "content": "a"}]},
                  "message 1 of 'messages' holds something that is not text"),
    "history": ({"instruction": "q2", "output": "a2", "history": [["q1", "a1"]]},
                [("user", "q1"), ("assistant", "a1"), ("user", "q2"), ("assistant", "a2")]),
    "trl's conversational pair": ({"prompt": [{"role": "user", "content": "q"}],
                                   "completion": [{"role": "assistant", "content": "a"}]}, [("user", "q"), ("assistant", "a")]),
    "OpenOrca": ({"system_prompt": "s", "question": "q", "response": "a"}, [("system", "s"), ("user", "q"), ("assistant", "a")]),
    "Dolly": ({"instruction": "q", "context": "c", "response": "a"}, [("user", "q\n\nc"), ("assistant", "a")]),
    "numbers": ({"question": 6, "answer": 7.5}, [("user", "6"), ("assistant", "7.5")]),
    "a list in a cell": ({"messages": "[{'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': 'a'}]"},
                         [("user", "q"), ("assistant", "a")]),
    "two questions": ({"messages": [{"role": "user", "content": "q"}, {"role": "user", "content": "q"}]},
                      "a second question stands"),
    "no answer": ({"messages": [{"role": "user", "content": "q"}]}, "the last message is no answer"),
    "answer first": ({"messages": [{"role": "assistant", "content": "a"}]}, "an answer stands where a question"),
    "a tool": ({"messages": [{"role": "tool", "content": "q"}]}, "has the role 'tool'"),
    "no list": ({"messages": "hello"}, "'messages' is not a list of messages"),
    "empty": ({"messages": []}, "'messages' is empty"),
    "empty answer": ({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": " "}]}, "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_conversations(kind: str) -> None:
    """Each becomes messages, or says why not."""
    row, expected = CONVERSATIONS[kind]
    seen = recognise("x.jsonl", lines(row))
    if isinstance(expected, str):
        assert expected in seen.bad_rows[0].reason
    else:
        assert turns(json.loads(seen.samples[0])) == expected
        assert seen.unused == ()


def test_plain_text_by_document_paragraph_or_line() -> None:
    """What a row is can be chosen; Markdown stays as it is."""
    data = b"# Title\n\nFirst.\nSecond.\n\n\nThird.\n"
    for name in ("x.md", "x.txt"):
        assert rows_of(name, data) == [{"text": data.decode()}]
    texts = [row["text"] for row in rows_of("x.md", data, ReadOptions(row_unit="paragraph"))]
    assert texts == ["# Title", "First.\nSecond.", "Third."]
    assert len(rows_of("x.md", data, ReadOptions(row_unit="line"))) == 4


def test_parquet_needs_an_environment() -> None:
    """It is recognised; reading it is said to need pyarrow."""
    seen = recognise("x.parquet", b"PAR1" + bytes(40) + b"PAR1")
    assert seen.needs_environment and seen.format == "parquet"
    with pytest.raises(InputError, match="inside an installed environment"):
        rows_of("x.parquet", b"PAR1" + bytes(40) + b"PAR1")


@pytest.mark.parametrize(("name", "data", "said"), [
    ("x.jsonl", b"", "is empty"), ("x.jsonl", b"\xef\xbb\xbf", "is empty"), ("x.csv", b" \n\n", "is empty"),
    ("x.xlsx", b"PK\x03\x04rest", "Office document"), ("x.csv", b"\x1f\x8brest", "gzip"), ("x.pdf", b"%PDF-1.7", "PDF"),
    ("x.jsonl", b"<!DOCTYPE html><html>404</html>", "web page"), ("x.jsonl", b"version https://git-lfs.github.com/spec/v1", "LFS"),
    ("x.parquet", b"some text", "no Parquet file"), ("x.exe", b"MZ\x90\x01\x02 some bytes", "a Windows program"),
    ("x.dat", b"some words", "is not known"), ("x.csv", b"a\0b\0\0\0c,d", "zero bytes"), ("x.csv", b"a,A\n1,2\n", "twice"),
])  # fmt: skip
def test_foreign_files(name: str, data: bytes, said: str) -> None:
    """What it is instead, and what is expected."""
    with pytest.raises(InputError, match=said):
        recognise(name, data)


def test_rows_of_several_shapes() -> None:
    """The shape that most rows have is taken; the others are bad rows, not silence."""
    pair, text = {"question": "q", "answer": "a"}, {"text": "t"}
    seen = recognise("x.jsonl", lines(*[pair] * 5, text))
    assert (seen.shape, seen.rows, [b.line for b in seen.bad_rows], seen.unused) == (
        "question-answer",
        5,
        [6],
        ("text",),
    )
    assert recognise("x.jsonl", lines(*[text] * 5, pair)).shape == "text"


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["x.jsonl", "x.json", "x.csv", "x.tsv", "x.txt", "x.md", "x", "x.parquet"]),
)
def test_any_bytes_give_an_answer_or_one_sentence(data: bytes, name: str) -> None:
    """Never another exception."""
    try:
        seen = recognise(name, data)
    except InputError as fault:
        assert "\n" not in fault.message
        return
    assert seen.rows + len(seen.bad_rows) >= 0


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=8)  # fmt: skip
NAMES = st.sampled_from(
    [
        "instruction",
        "Output",
        "messages",
        "conversations",
        "system",
        "history",
        "text",
        "role",
        "input",
    ]
)


@settings(max_examples=100, deadline=None)
@example([{"instruction": None, "Output": None}, {"instruction": None, "history": True}])
@given(st.lists(st.dictionaries(NAMES, JSON, max_size=4), min_size=1, max_size=4))
def test_any_values_give_rows_or_reasons(rows: list[dict[str, Any]]) -> None:
    """Each row is usable or bad by its line; what comes out is canonical and can be read again."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    seen = recognise("x.jsonl", data, ReadOptions(format="json-lines"))
    if seen.shape is not None:
        assert seen.rows + len(seen.bad_rows) == len(rows)
    for sample in seen.samples:
        assert list(json.loads(sample)) in (["messages"], ["text"])
