<#
.SYNOPSIS
    Removes what the program made for all users of this PC, then the program.
.DESCRIPTION
    What users made (runs, own packages, models of theirs) stays. Exit codes are those of README.md.
#>
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$folder = Join-Path -Path $env:ProgramFiles -ChildPath 'UnslothSetup'
$program = Join-Path -Path $folder -ChildPath 'unsloth-setup.exe'
$place = Join-Path -Path $env:ProgramData -ChildPath 'UnslothSetup'
if (Test-Path -LiteralPath $program -PathType Leaf) {
    & $program uninstall --remove all --yes --json --home $place
    if ($LASTEXITCODE -ne 0) {
        exit $LASTEXITCODE
    }
}
$uninstaller = Join-Path -Path $folder -ChildPath 'uninstall.exe'
if (Test-Path -LiteralPath $uninstaller -PathType Leaf) {
    # _?= keeps the uninstaller from starting a copy of itself and ending before that has ended.
    $done = Start-Process -FilePath $uninstaller -ArgumentList @('/S', ('_?={0}' -f $folder)) -Wait -PassThru
    if ($done.ExitCode -ne 0) {
        exit (100 + $done.ExitCode)
    }
    Remove-Item -LiteralPath $uninstaller -Force
    if (-not (Get-ChildItem -LiteralPath $folder -Force)) {
        Remove-Item -LiteralPath $folder -Force
    }
}
exit 0
