<#
.SYNOPSIS
    Installs Unsloth Setup for all users of this PC, then the setup itself, without a question.
.DESCRIPTION
    For Intune (Win32 app) and Configuration Manager, which run it as SYSTEM in 64-bit PowerShell. The
    installer and, if there is one, the answer file lie beside this script. SYSTEM's own profile is no
    home, so the environment goes to %ProgramData%\UnslothSetup for every user.
    Exit codes are those of README.md beside this script.
.PARAMETER Answers
    An answer file beside this script, or a whole path.
.PARAMETER ProgramOnly
    Install the program and no environment: users choose in its window.
#>
[CmdletBinding()]
param(
    [string] $Answers = 'answers.toml',
    [switch] $ProgramOnly
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$installer = Get-ChildItem -LiteralPath $PSScriptRoot -Filter 'UnslothSetup-*-all-users-setup.exe' |
    Sort-Object -Property Name | Select-Object -Last 1
if ($null -eq $installer) {
    Write-Error -Message 'No installer lies beside this script; expected UnslothSetup-VERSION-all-users-setup.exe.' -ErrorAction Continue
    exit 2
}
$done = Start-Process -FilePath $installer.FullName -ArgumentList '/S' -Wait -PassThru
if ($done.ExitCode -ne 0) {
    # The installer's own codes, moved up so that they are not taken for the program's.
    exit (100 + $done.ExitCode)
}
if ($ProgramOnly) {
    exit 0
}
$program = Join-Path -Path $env:ProgramFiles -ChildPath 'UnslothSetup\unsloth-setup.exe'
$words = @('install', '--yes', '--all-users', '--json')
if (-not [System.IO.Path]::IsPathRooted($Answers)) {
    $Answers = Join-Path -Path $PSScriptRoot -ChildPath $Answers
}
if (Test-Path -LiteralPath $Answers -PathType Leaf) {
    $words += @('--answers', $Answers)
}
& $program @words
exit $LASTEXITCODE
