"""Advisories against the pins of every profile, and the comparison with OSV records."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from app.decide.findings.advisories import advisories_for, describe_advisory, locked_versions
from app.knowledge import Knowledge
from app.model.advisory import Advisory
from app.model.profile import Part
from build import advisories as tool


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("guide-2024.9.post3", ["32434", "24747", "1839", "3000"]),
        ("legacy-2024.9", ["32434", "24747", "1839", "3000"]),
        ("legacy-2024.9.post4", ["32434", "24747", "1839", "3000"]),
        ("torch26-2025.3", ["24747", "3000"]),
        ("torch28-2025.11", ["24747", "3000"]),
        ("torch212-2026.10", ["3000"]),
        ("practice-cpu", []),
    ],
)
def test_each_profile_is_told_what_concerns_its_pins(
    name: str, wanted: list[str], knowledge: Knowledge
) -> None:
    """The gravest first, and nothing that the pins have left behind."""
    found = advisories_for(knowledge.profile(name), knowledge.advisories)
    assert [one.id.rpartition("-")[2] for one in found] == wanted
    assert all(one.source and one.date and one.id in describe_advisory(one) for one in found)


def test_the_boundaries_of_a_range(knowledge: Knowledge) -> None:
    """A build's tag is no newer version, the version that mends is not concerned, and a range of
    two packages needs both.
    """
    profile = knowledge.profile("practice-cpu")

    def held(text: str) -> list[str]:
        part = Part(id="a", title="", platform="linux", lock="", requirements=text)
        changed = msgspec.structs.replace(profile, parts=(part,))
        return [one.id for one in advisories_for(changed, knowledge.advisories)]

    assert "CVE-2025-32434" in held("torch==2.5.1+cu121\n")
    assert "CVE-2025-32434" not in held("torch==2.6.0+cu124\n")
    assert "CVE-2026-1839" in held("torch==2.5.1\ntransformers==5.0.0rc2\n")
    assert "CVE-2026-1839" not in held("torch==2.5.1\ntransformers==5.0.0rc3\n")
    assert "CVE-2026-1839" not in held("torch==2.6.0\ntransformers==4.57.1\n")
    assert held("numpy==1.0\n") == []


def test_pins_are_those_of_every_system(knowledge: Knowledge) -> None:
    held = locked_versions(knowledge.profile("torch212-2026.10"))
    assert held["torch"] == {"2.12.1", "2.12.1+cu130"}
    assert {"triton", "triton-windows"} <= held.keys()


def osv(name: str, **changes: object) -> dict[str, object]:
    """A record in OSV form."""
    return {
        "id": "GHSA-53q9-r3pm-6pq6",
        "aliases": [name],
        "summary": "PyTorch: torch.load",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "torch"},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.6.0"}]}
                ],
            }
        ],
        **changes,
    }


def test_the_tool_says_what_changed(
    knowledge: Knowledge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same, another range, a new one, and a withdrawn one; a package that no lock holds is left
    out.
    """
    known: tuple[Advisory, ...] = knowledge.advisories
    other = osv("CVE-2026-24747", id="GHSA-63cw-57p8-fm3p")
    new = osv("CVE-2027-1", id="GHSA-new")
    gone = osv("CVE-2025-3000", id="GHSA-rrmf-rvhw-rf47", withdrawn="2027-01-01T00:00:00Z")
    foreign = osv("CVE-2027-2", id="GHSA-far")
    foreign["affected"] = [{"package": {"ecosystem": "PyPI", "name": "no-such-package"}}]
    records = [osv("CVE-2025-32434"), other, new, gone, foreign]
    held = {"torch", "transformers"}
    assert tool.differences(records, known, held) == [
        "CVE-2026-24747: affected is <2.10.0 here, <2.6.0 there",
        "CVE-2027-1 (torch <2.6.0) is not here: PyTorch: torch.load",
        "CVE-2025-3000 was withdrawn on 2027-01-01",
    ]
    file = tmp_path / "osv.json"
    file.write_text(json.dumps({"vulns": records}), "utf-8")
    assert tool.main([str(file)]) == 1
    assert "CVE-2027-1" in capsys.readouterr().out
    file.write_text(json.dumps(osv("CVE-2025-32434")), "utf-8")
    assert tool.main([str(file)]) == 0
    file.write_text("{", "utf-8")
    with pytest.raises(SystemExit, match=r"osv\.json.*OSV"):
        tool.main([str(file)])
