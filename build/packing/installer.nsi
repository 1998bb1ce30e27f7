; The Windows installer, per user or (with ALLUSERS) for everybody: build/make_installer.py calls makensis with
; VERSION, PUBLISHER, DIST (the program folder), OUT, SIZE_KB, FILES and UNFILES (the lists of files it made).
;
; Silent: /S [/D=FOLDER] [/DOWNGRADE]; uninstall.exe /S [/PURGE]. Exit codes of both:
;   0 done   1 cancelled by the person   2 a file could not be written
;   3 a newer version is installed (/DOWNGRADE puts the older one over it)
;   4 the program is running (nothing is ended by force)
;   5 /PURGE could not remove the environments; the program stays
Unicode true
Target amd64-unicode
Name "Unsloth Setup"
Caption "Unsloth Setup ${VERSION}"
UninstallCaption "Unsloth Setup ${VERSION}"
OutFile "${OUT}"
SetCompressor /SOLID lzma
SetDateSave off
ManifestDPIAware true
ManifestSupportedOS Win10
CRCCheck force
AllowSkipFiles off
BrandingText "Unsloth Setup ${VERSION}"
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WordFunc.nsh
!include x64.nsh

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\UnslothSetup"
!define WINDOW "UnslothSetup.exe"
!define CONSOLE "unsloth-setup.exe"
!ifdef ALLUSERS
  RequestExecutionLevel admin
  InstallDir "$PROGRAMFILES64\UnslothSetup"
!else
  RequestExecutionLevel user
  InstallDir "$LOCALAPPDATA\Programs\UnslothSetup"
!endif
!ifdef SIGN
  !uninstfinalize 'sh "${SIGN}" "%1"' = 0
  !finalize 'sh "${SIGN}" "%1"' = 0
!endif

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "Unsloth Setup"
VIAddVersionKey /LANG=0 "CompanyName" "${PUBLISHER}"
VIAddVersionKey /LANG=0 "FileDescription" "Installer of Unsloth Setup"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_NOAUTOCLOSE
!insertmacro MUI_PAGE_LICENSE "${DIST}/_internal/LICENSE"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!ifndef ALLUSERS  ; an elevated installer would start the program with its own rights
  !define MUI_FINISHPAGE_RUN "$INSTDIR\${WINDOW}"
!endif
!insertmacro MUI_PAGE_FINISH
UninstPage custom un.Choose un.Chosen
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE German

LangString Newer ${LANG_ENGLISH} "Version $R1 is installed, which is newer than ${VERSION}. Put the older version over it?"
LangString Newer ${LANG_GERMAN} "Installiert ist die neuere Version $R1. Soll die ältere Version ${VERSION} sie ersetzen?"
LangString Running ${LANG_ENGLISH} "Unsloth Setup is running. Shall it be asked to close? A plan that is at work stops as with its Stop button and goes on at the same place later. Nothing is ended by force."
LangString Running ${LANG_GERMAN} "Unsloth Setup läuft. Soll es gebeten werden, sich zu schließen? Ein laufender Plan hält an wie mit seinem Knopf Anhalten und geht später an derselben Stelle weiter. Nichts wird gewaltsam beendet."
LangString Still ${LANG_ENGLISH} "Unsloth Setup is still running. Answer its question, or end it yourself, then choose Retry."
LangString Still ${LANG_GERMAN} "Unsloth Setup läuft noch. Beantworten Sie seine Frage oder beenden Sie es selbst, dann wählen Sie Wiederholen."
LangString Asked ${LANG_ENGLISH} "Waiting until Unsloth Setup has closed…"
LangString Asked ${LANG_GERMAN} "Warten, bis Unsloth Setup geschlossen ist…"
LangString OldStays ${LANG_ENGLISH} "The installed version could not be taken away. Nothing was changed."
LangString OldStays ${LANG_GERMAN} "Die installierte Version ließ sich nicht entfernen. Nichts wurde geändert."
LangString ChooseTitle ${LANG_ENGLISH} "Remove Unsloth Setup"
LangString ChooseTitle ${LANG_GERMAN} "Unsloth Setup entfernen"
LangString ChooseSub ${LANG_ENGLISH} "The program goes. What it made stays unless you tick it."
LangString ChooseSub ${LANG_GERMAN} "Das Programm wird entfernt. Was es erzeugt hat, bleibt, wenn Sie es nicht ankreuzen."
LangString Here ${LANG_ENGLISH} "This is on the computer for your account:"
LangString Here ${LANG_GERMAN} "Das liegt für Ihr Konto auf dem Computer:"
LangString Purge ${LANG_ENGLISH} "Remove the environments and what was downloaded for them"
LangString Purge ${LANG_GERMAN} "Die Umgebungen und das dafür Geladene entfernen"
LangString PurgeQuarantine ${LANG_ENGLISH} "Remove what lies in quarantine (it is yours and could still be put back)"
LangString PurgeQuarantine ${LANG_GERMAN} "Entfernen, was in Quarantäne liegt (es gehört Ihnen und ließe sich noch zurücklegen)"
LangString PurgeRuns ${LANG_ENGLISH} "Remove the training runs (what you trained is in them)"
LangString PurgeRuns ${LANG_GERMAN} "Die Trainingsläufe entfernen (in ihnen liegt, was Sie trainiert haben)"
LangString NotPurged ${LANG_ENGLISH} "The environments could not be removed. The program stays, so that you can try again."
LangString NotPurged ${LANG_GERMAN} "Die Umgebungen ließen sich nicht entfernen. Das Programm bleibt, damit Sie es noch einmal versuchen können."
LangString Foreign ${LANG_ENGLISH} "Files in this folder that the installer did not put there stay:"
LangString Foreign ${LANG_GERMAN} "Dateien in diesem Ordner, die nicht vom Installationsprogramm stammen, bleiben:"
LangString RemoveButton ${LANG_ENGLISH} "&Remove"
LangString RemoveButton ${LANG_GERMAN} "&Entfernen"

!macro Shared un
; $R0: 1 while one of the two programs in $INSTDIR runs. Windows refuses to open a running program for writing.
Function ${un}IsRunning
  Push $0
  StrCpy $R0 0
  ${If} ${FileExists} "$INSTDIR\${WINDOW}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${WINDOW}" a
    ${If} ${Errors}
      StrCpy $R0 1
    ${Else}
      FileClose $0
    ${EndIf}
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\${CONSOLE}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${CONSOLE}" a
    ${If} ${Errors}
      StrCpy $R0 1
    ${Else}
      FileClose $0
    ${EndIf}
  ${EndIf}
  ClearErrors
  Pop $0
FunctionEnd

; Ask each window of the program in $INSTDIR to close, as its own button does.
Function ${un}AskToClose
  Push $0
  Push $1
  Push $2
  Push $3
  StrCpy $0 0
  ${Do}
    FindWindow $0 "" "" 0 $0
    ${If} $0 = 0
      ${Break}
    ${EndIf}
    System::Call 'user32::IsWindowVisible(p r0) i .r1'
    ${If} $1 = 0
      ${Continue}
    ${EndIf}
    System::Call 'user32::GetWindowThreadProcessId(p r0, *i .r1)'
    System::Call 'kernel32::OpenProcess(i 0x1000, i 0, i r1) p .r2'
    ${If} $2 <> 0
      System::Call 'kernel32::QueryFullProcessImageNameW(p r2, i 0, w .r3, *i ${NSIS_MAX_STRLEN}) i .r1'
      System::Call 'kernel32::CloseHandle(p r2)'
      ${If} $1 <> 0
      ${AndIf} $3 == "$INSTDIR\${WINDOW}"
        System::Call 'user32::PostMessageW(p r0, i 0x10, p 0, p 0)'
      ${EndIf}
    ${EndIf}
  ${Loop}
  Pop $3
  Pop $2
  Pop $1
  Pop $0
FunctionEnd

; Go on only when the program does not run; a silent run ends with 4, a person is asked.
Function ${un}WaitForProgram
  Push $1
  Call ${un}IsRunning
  ${If} $R0 = 1
    ${If} ${Silent}
      SetErrorLevel 4
      Quit
    ${EndIf}
    ${If} ${Cmd} `MessageBox MB_OKCANCEL|MB_ICONQUESTION "$(Running)" IDCANCEL`
      SetErrorLevel 4
      Quit
    ${EndIf}
    Call ${un}AskToClose
    ${Do}
      DetailPrint "$(Asked)"
      ${For} $1 1 120
        Sleep 500
        Call ${un}IsRunning
        ${If} $R0 = 0
          ${Break}
        ${EndIf}
      ${Next}
      ${If} $R0 = 0
        ${Break}
      ${EndIf}
      ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(Still)" IDCANCEL`
        SetErrorLevel 4
        Quit
      ${EndIf}
    ${Loop}
  ${EndIf}
  Pop $1
FunctionEnd
!macroend
!insertmacro Shared ""
!insertmacro Shared "un."

!macro Scope
  SetRegView 64
  !ifdef ALLUSERS
    SetShellVarContext all
  !else
    SetShellVarContext current
  !endif
!macroend

Function .onInit
  !insertmacro Scope
  ; an installed version says where it lies; /D= and a person may choose another place only for a first one
  ReadRegStr $R2 SHCTX "${KEY}" "InstallLocation"
  ${If} $R2 != ""
  ${AndIf} ${FileExists} "$R2\uninstall.exe"
    StrCpy $INSTDIR $R2
  ${EndIf}
  ReadRegStr $R1 SHCTX "${KEY}" "DisplayVersion"
  ${If} $R1 != ""
    ${VersionCompare} "$R1" "${VERSION}" $R3
    ${GetParameters} $R4
    ClearErrors
    ${GetOptions} $R4 "/DOWNGRADE" $R5
    ${If} $R3 = 1
    ${AndIf} ${Errors}
      ${If} ${Silent}
        SetErrorLevel 3
        Quit
      ${EndIf}
      ${If} ${Cmd} `MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$(Newer)" IDNO`
        SetErrorLevel 3
        Quit
      ${EndIf}
    ${EndIf}
  ${EndIf}
  ${If} ${Silent}
    Call WaitForProgram
  ${EndIf}
FunctionEnd

Section
  Call WaitForProgram
  ReadRegStr $R2 SHCTX "${KEY}" "InstallLocation"
  ${If} $R2 != ""
  ${AndIf} ${FileExists} "$R2\uninstall.exe"
    ; the older version takes its own files away, so that an upgrade leaves none behind and touches no other
    ExecWait '"$R2\uninstall.exe" /S /UPGRADE _?=$R2' $R3
    ${If} $R3 <> 0
      ${IfNot} ${Silent}
        MessageBox MB_OK|MB_ICONSTOP "$(OldStays)"
      ${EndIf}
      SetErrorLevel 2
      Abort
    ${EndIf}
    Delete "$R2\uninstall.exe"
    RMDir "$R2"
  ${EndIf}
  !include "${FILES}"
  SetOutPath $INSTDIR
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Unsloth Setup.lnk" "$INSTDIR\${WINDOW}"
  WriteRegStr SHCTX "${KEY}" "DisplayName" "Unsloth Setup"
  WriteRegStr SHCTX "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr SHCTX "${KEY}" "DisplayIcon" "$INSTDIR\${WINDOW}"
  WriteRegStr SHCTX "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr SHCTX "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD SHCTX "${KEY}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD SHCTX "${KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${KEY}" "NoRepair" 1
SectionEnd

Var List
Var PurgeBox
Var QuarantineBox
Var RunsBox
Var DoPurge
Var DoQuarantine
Var DoRuns

Function un.onInit
  !insertmacro Scope
  ${un.GetParameters} $R4
  StrCpy $DoPurge 0
  StrCpy $DoQuarantine 0
  StrCpy $DoRuns 0
  ClearErrors
  ${un.GetOptions} $R4 "/PURGE" $R5
  ${IfNot} ${Errors}
    StrCpy $DoPurge 1
  ${EndIf}
  ClearErrors
  ${If} ${Silent}
    Call un.WaitForProgram
  ${EndIf}
FunctionEnd

; What the program says of itself, in a list that can be read and scrolled; three ticks, none set.
Function un.Choose
  !insertmacro MUI_HEADER_TEXT "$(ChooseTitle)" "$(ChooseSub)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 10u "$(Here)"
  Pop $0
  nsDialogs::CreateControl EDIT ${DEFAULT_STYLES}|${WS_TABSTOP}|${WS_VSCROLL}|${WS_HSCROLL}|${ES_MULTILINE}|${ES_READONLY} ${WS_EX_CLIENTEDGE} 0 12u 100% 80u ""
  Pop $List
  StrCpy $3 0
  StrCpy $9 0
  InitPluginsDir
  nsExec::Exec '"$SYSDIR\cmd.exe" /d /s /c ""$INSTDIR\${CONSOLE}" uninstall >"$PLUGINSDIR\here.txt" 2>&1"'
  Pop $0
  ClearErrors
  FileOpen $0 "$PLUGINSDIR\here.txt" r
  ${IfNot} ${Errors}
    FileSeek $0 0 END $1
    FileSeek $0 0 SET
    System::Alloc $1
    Pop $7
    System::Call 'kernel32::ReadFile(p r0, p r7, i r1, *i .r4, p 0)'
    FileClose $0
    IntOp $5 $1 * 2  ; never more letters than bytes, two bytes each, and a closing zero
    IntOp $5 $5 + 2
    System::Alloc $5
    Pop $6
    System::Call 'kernel32::MultiByteToWideChar(i 65001, i 0, p r7, i r4, p r6, i r1)'
    StrCpy $8 $List
    System::Call 'user32::SetWindowTextW(p r8, p r6)'
    System::Call 'shlwapi::StrStrW(p r6, w "quarantine   ") p .r3'
    System::Call 'shlwapi::StrStrW(p r6, w "run:") p .r9'
    System::Free $7
    System::Free $6
  ${EndIf}
  ${NSD_CreateCheckbox} 0 96u 100% 10u "$(Purge)"
  Pop $PurgeBox
  ${NSD_CreateCheckbox} 0 108u 100% 10u "$(PurgeQuarantine)"
  Pop $QuarantineBox
  ${If} $3 = 0
    EnableWindow $QuarantineBox 0
  ${EndIf}
  ${NSD_CreateCheckbox} 0 120u 100% 10u "$(PurgeRuns)"
  Pop $RunsBox
  ${If} $9 = 0
    EnableWindow $RunsBox 0
  ${EndIf}
  GetDlgItem $0 $HWNDPARENT 1
  SendMessage $0 ${WM_SETTEXT} 0 "STR:$(RemoveButton)"
  nsDialogs::Show
FunctionEnd

Function un.Chosen
  ${NSD_GetState} $PurgeBox $DoPurge
  ${NSD_GetState} $QuarantineBox $DoQuarantine
  ${NSD_GetState} $RunsBox $DoRuns
FunctionEnd

Section Uninstall
  Call un.WaitForProgram
  ; the program's own journal knows what it made; so it removes that itself, before it goes
  StrCpy $R6 ""
  ${If} $DoPurge = 1
    StrCpy $R6 "--remove all --remove models"
  ${EndIf}
  ${If} $DoQuarantine = 1
    StrCpy $R6 "$R6 --remove quarantine"
  ${EndIf}
  ${If} $DoRuns = 1
    StrCpy $R6 "$R6 --remove runs"
  ${EndIf}
  ${If} $R6 != ""
    nsExec::ExecToLog '"$INSTDIR\${CONSOLE}" uninstall $R6 --yes'
    Pop $0
    ${If} $0 != 0
      ${IfNot} ${Silent}
        MessageBox MB_OK|MB_ICONSTOP "$(NotPurged)"
      ${EndIf}
      SetErrorLevel 5
      Abort
    ${EndIf}
  ${EndIf}
  SetOutPath $TEMP  ; a working folder cannot be removed
  !include "${UNFILES}"
  Delete "$SMPROGRAMS\Unsloth Setup.lnk"
  Delete "$INSTDIR\uninstall.exe"
  ${If} ${FileExists} "$INSTDIR\${WINDOW}"
    SetErrorLevel 2
    Abort
  ${EndIf}
  RMDir "$INSTDIR"
  ${If} ${FileExists} "$INSTDIR\*.*"
    DetailPrint "$(Foreign) $INSTDIR"
  ${EndIf}
  DeleteRegKey SHCTX "${KEY}"
SectionEnd
