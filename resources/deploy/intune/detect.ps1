<#
.SYNOPSIS
    Tells Intune and Configuration Manager whether a proven environment is on this PC for all users.
.DESCRIPTION
    Both take text on standard output together with exit code 0 as "installed". Nothing is written to
    standard output otherwise; the exit code stays 0, because another one would be an error of detection.
#>
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$program = Join-Path -Path $env:ProgramFiles -ChildPath 'UnslothSetup\unsloth-setup.exe'
$place = Join-Path -Path $env:ProgramData -ChildPath 'UnslothSetup'
if (-not (Test-Path -LiteralPath $program -PathType Leaf)) {
    exit 0
}
$said = & $program status --json --home $place | Out-String
if ($LASTEXITCODE -eq 0) {
    $status = ConvertFrom-Json -InputObject $said
    Write-Output -InputObject ('{0} {1}, proven {2}' -f $status.profile, $status.verdict, $status.proven_at)
}
exit 0
