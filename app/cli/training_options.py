"""The options of the commands for a person's own model."""

from __future__ import annotations

from argparse import ArgumentParser

from app.model.dataset import FORMATS
from app.model.training import EXPORT_FORMATS, QUANTIZATIONS


def train(parser: ArgumentParser) -> None:
    """``train``: data and how they are read, model, settings, what to do."""
    _add_data_options(parser)
    parser.add_argument("--model", metavar="NAME-OR-FOLDER", help="default: by the card's memory")
    for name, kind, words in (
        ("epochs", float, "how often each row is seen (default: 3)"),
        ("max-steps", int, "end after so many steps instead"),
        ("length", int, "context in tokens; longer rows are cut"),
        ("batch", int, "rows at once"),
        ("rank", int, "size of the LoRA matrices"),
        ("learning-rate", float, "default: 0.0002"),
        ("evaluate", float, "share of rows kept apart to measure on (default: 0.05)"),
        ("checkpoint-minutes", float, "a checkpoint at least this often (default: 10)"),
        ("seed", int, "the same seed trains in the same order"),
    ):
        parser.add_argument(f"--{name}", type=kind, metavar="N", help=words)
    parser.add_argument(
        "--cards", type=int, metavar="N", help="equal cards to train on (default: 1; Linux)"
    )
    parser.add_argument("--bits", type=int, choices=[4, 16], help="bits of the base weights")
    parser.add_argument(
        "--learn",
        choices=["answers", "all"],
        help="what the loss counts (default: the answers alone)",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="the folder of adapter and checkpoints (default: under home)",
    )
    parser.add_argument(
        "--resume",
        metavar="RUN",
        nargs="?",
        const="",
        help="go on with a run (default: the newest that can be gone on with)",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help="show what was recognised and rows as the model sees them; train nothing",
    )
    parser.add_argument(
        "--write-script",
        metavar="FILE",
        help="write the script that would run, and its data beside it; train nothing",
    )


def export(parser: ArgumentParser) -> None:
    """``export``."""
    parser.add_argument("run", metavar="RUN", help="the run's id, as status lists it")
    parser.add_argument("--format", choices=EXPORT_FORMATS, required=True, help="what to make")
    parser.add_argument(
        "--output", metavar="DIR", help="the folder to make (default: below the run's own)"
    )
    parser.add_argument(
        "--quantization",
        metavar="NAME",
        type=str.lower,
        default="q8_0",
        choices=QUANTIZATIONS,
        help="of GGUF: q8_0 (default), f16, bf16, f32; q4_k_m and others with --llama-cpp",
    )
    parser.add_argument(
        "--modelfile", action="store_true", help="a Modelfile for Ollama (always with gguf)"
    )
    parser.add_argument(
        "--llama-cpp",
        metavar="DIR",
        help="your own copy of llama.cpp (default: its converter is fetched)",
    )
    parser.add_argument("--base", metavar="DIR", help="the model's folder, where it has moved")


def _add_data_options(parser: ArgumentParser) -> None:
    parser.add_argument("--data", metavar="FILE", help="the data to train on")
    parser.add_argument(
        "--map", metavar="ROLE=COLUMN,…", help="which column is which: question=Q,answer=A"
    )
    parser.add_argument(
        "--ignore-columns",
        metavar="COLUMN,…",
        help="these columns may be left out (* for all that are not used)",
    )
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="rows that cannot be used may be left out"
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="how the file is written: utf-8, cp1252 …"
    )
    parser.add_argument(
        "--data-format", choices=FORMATS, help="the file's format, whatever its name"
    )
    parser.add_argument("--list", metavar="NAME", help="which list of a JSON object holds the rows")
    parser.add_argument("--delimiter", metavar="SIGN", help="what stands between cells of a table")
    parser.add_argument(
        "--no-header", action="store_true", help="the table's columns are 1, 2, 3 …"
    )
    parser.add_argument(
        "--row",
        choices=["document", "paragraph", "line"],
        default="document",
        help="what one row of plain text is (default: the whole file)",
    )
