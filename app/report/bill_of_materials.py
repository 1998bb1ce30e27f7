"""A bill of materials in CycloneDX 1.6.

What a program or an environment is made of, as scanners read it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cyclonedx.model.component import Component


@dataclass(frozen=True)
class BomPart:
    """One thing inside. ``licence`` is an SPDX expression, or the licence's name where there is
    none.

    ``purl`` is its package URL, ``sha256`` its hash in hex; ``origin`` and ``inside`` name the
    package that brought a file and the part that holds it.
    """

    name: str
    version: str = ""
    kind: Literal["application", "library", "file"] = "library"
    licence: str = ""
    purl: str = ""
    sha256: str = ""
    origin: str = ""
    inside: str = ""


def python_purl(name: str, version: str) -> str:
    """The package URL of a Python distribution, its name as PEP 503 writes it."""
    plain = "-".join(
        word for word in name.lower().replace("_", "-").replace(".", "-").split("-") if word
    )
    return f"pkg:pypi/{plain}@{version}"


def bill_of_materials(whole: BomPart, parts: Iterable[BomPart], made_at: datetime) -> str:
    """The bill of ``whole`` as JSON text. The same parts and time give the same text.

    ``parts`` without ``inside`` hang on the whole, the others on the part of that name. Raises
    ``ValueError`` when two parts are one, or a part lies in one that is not there.
    """
    # the library reads a long list of licences at its import: only who writes a bill waits for it
    from cyclonedx.model.bom import Bom
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    listed = list(parts)
    bom = Bom()
    top = _build_component(whole)
    bom.metadata.component = top
    bom.metadata.timestamp = made_at
    made: dict[str, Component] = {}
    for part in listed:
        component = _build_component(part)
        if component.bom_ref.value in {c.bom_ref.value for c in made.values()} or (
            part.kind != "file" and part.name in made
        ):
            raise ValueError(f"{part.name} is named twice in one bill of materials.")
        made[f"file:{part.name}" if part.kind == "file" else part.name] = component
        bom.components.add(component)
    holds: dict[str, list[Component]] = {}
    for part in listed:
        if part.inside and part.inside not in made:
            raise ValueError(f"{part.name} lies in {part.inside}, which the bill does not name.")
        if part.kind != "file":
            holds.setdefault(part.inside, []).append(made[part.name])
    bom.register_dependency(top, holds.pop("", []))
    for name, inner in holds.items():
        bom.register_dependency(made[name], inner)
    listing = "\n".join(sorted(f"{p.name} {p.version} {p.sha256}" for p in (whole, *listed)))
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, listing)
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return outputter.output_as_string(indent=1) + "\n"


def _build_component(part: BomPart) -> Component:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    kinds = {
        "application": ComponentType.APPLICATION,
        "library": ComponentType.LIBRARY,
        "file": ComponentType.FILE,
    }
    reference = part.purl or f"{part.kind}:{part.name}"
    return Component(
        type=kinds[part.kind],
        name=part.name,
        version=part.version or None,
        bom_ref=reference,
        licenses=[LicenseFactory().make_from_string(part.licence)] if part.licence else (),
        purl=PackageURL.from_string(part.purl) if part.purl else None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else (),
        properties=[Property(name="origin", value=part.origin)] if part.origin else (),
    )
