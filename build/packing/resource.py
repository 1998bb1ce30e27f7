"""What the programs' own Windows resources hold.

Version, names, the manifest, and what a single file carries unopened.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from build.packing.excludes import Entry

PUBLISHER = "Unsloth Setup Wizard contributors"
# Per-monitor scaling, paths over 260 characters, no elevation, Windows 10 and newer, and the modern
# controls.
MANIFEST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security>
      <requestedPrivileges>
        <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
      </requestedPrivileges>
    </security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application>
      <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
    </application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
      <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
    </windowsSettings>
  </application>
  <dependency>
    <dependentAssembly>
      <assemblyIdentity type="win32" name="Microsoft.Windows.Common-Controls" version="6.0.0.0"
                        processorArchitecture="*" publicKeyToken="6595b64144ccf1df" language="*"/>
    </dependentAssembly>
  </dependency>
</assembly>
"""


def version_resource(version: str, file: str, description: str) -> Any:
    """PyInstaller's version resource for one program; ``version`` as ``1.0.0``. Runs on Windows
    Python only.
    """
    from PyInstaller.utils.win32.versioninfo import (
        FixedFileInfo,
        StringFileInfo,
        StringStruct,
        StringTable,
        VarFileInfo,
        VarStruct,
        VSVersionInfo,
    )

    numbers = tuple([*(int(n) for n in version.split(".")), 0, 0, 0, 0][:4])
    strings = {
        "CompanyName": PUBLISHER,
        "FileDescription": description,
        "FileVersion": version,
        "InternalName": file.removesuffix(".exe"),
        "LegalCopyright": "Apache-2.0",
        "OriginalFilename": file,
        "ProductName": "Unsloth Setup",
        "ProductVersion": version,
    }
    english, unicode = 0x0409, 1200
    return VSVersionInfo(
        ffi=FixedFileInfo(
            filevers=numbers,
            prodvers=numbers,
            mask=0x3F,
            flags=0,
            OS=0x40004,
            fileType=1,
            subtype=0,
        ),
        kids=[
            StringFileInfo(
                [StringTable("040904B0", [StringStruct(k, v) for k, v in strings.items()])]
            ),
            VarFileInfo([VarStruct("Translation", [english, unicode])]),
        ],
    )


def carried(work: Path, entries: Iterable[Entry]) -> tuple[list[Entry], list[str]]:
    """Split what a single file holds: what must lie open at its start, and the zips that it carries
    unopened.

    Qt reads pictures, faces and translations by path, and Windows loads libraries by path; all else
    is read by name through app/adapters/windows/embedded_resources.py. Returns PyInstaller's table of the first and its
    ``resources`` (10 is RT_RCDATA).
    """
    opened: list[Entry] = []
    zips: dict[str, list[tuple[str, str]]] = {"PROGRAMS": [], "DATA": []}
    for name, source, kind in entries:
        plain = name.replace("\\", "/")
        if plain.endswith("/uv.exe"):
            zips["PROGRAMS"].append(("uv.exe", source))
        elif plain.startswith("resources/") and plain.split("/")[1] not in (
            "fonts",
            "licences",
            "icons",
            "translations",
        ):
            zips["DATA"].append((plain.removeprefix("resources/"), source))
        else:
            opened.append((name, source, kind))
    for zip_name, members in zips.items():
        with zipfile.ZipFile(
            work / f"{zip_name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9
        ) as packed:
            for member, source in sorted(members):
                entry = zipfile.ZipInfo(member, (2026, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, Path(source).read_bytes())
    return opened, [f"{work / zip_name}.zip,10,{zip_name}" for zip_name in zips]
