#!/bin/bash
# Genuine Windows CPythons under Wine 10 in a Debian 13 of their own, for tests and for packing.
#
#   winlab.sh setup DIR                      make the prefix; safe to repeat (build/windows_lab.py brings what it needs)
#   winlab.sh python DIR args...             Windows python.exe 3.13 (stdio and exit code passed on)
#   winlab.sh pip-install DIR args...        python -m pip install args... inside Wine
#   winlab.sh exec DIR program.exe args...   any console program
#   winlab.sh run-exe DIR program.exe ...    any program with a window, waiting for it
#   winlab.sh start-exe DIR program.exe ...  the same in the background; prints its process id
#   winlab.sh screenshot DIR out.png         picture of this lab's screen
#   winlab.sh xdo DIR args...                xdotool on this lab's screen (keys, clicks, search)
#   winlab.sh debian DIR program args...     a Linux program of the lab's Debian (makensis)
#   winlab.sh stop DIR                       end this lab's wineserver and Xvfb, nothing else
#
# DIR/debian is entered in a mount namespace of its own, with this machine's folders at their own paths; only /usr, /etc,
# /var and /boot are the lab's. C:\Python313 runs the suite and is packed; C:\Python311 is a person's own Python, from which
# profiles make their environments.
#
# What Wine bends, and what is done about it:
#  * python.exe dies at start when stdin, stdout or stderr is a regular unix file: a pipe is put between (wine_run).
#  * Certificate variables hold unix paths; Windows programs get Z: paths (setup_env).
#  * A wineserver session that began without a display never shows a window: Xvfb is always started first.
#  * Wine hides QT_* and VK_* variables from Windows programs; WINEQT_* arrives as QT_* (setup_env).
#  * Where Linux lays programs out at random, one in 2000 does not get the addresses that Wine needs and dies at start, which
#    its parent sees as "Internal error" (8 of 16,000; 0 of 24,000 at fixed addresses, which are taken where allowed).
set -euo pipefail

PYDLL_311=0817a2a657a24c0d5fbb60df56960f42fc66b3039d522ec952dab83e2d869364   # python311.dll 3.11.9
PYDLL_313=e7119fc5892eab890d44f6df05f44d50cf8c390c35d152e589e0c35781ca8d05   # python313.dll 3.13.11

# At fixed addresses, as do all that this starts. Containers may forbid it; then a start in 2000 fails, as said above.
if [ -z "${WINLAB_FIXED:-}" ] && setarch x86_64 -R true 2>/dev/null; then
  WINLAB_FIXED=1 exec setarch x86_64 -R bash "$0" "$@"
fi

die() { echo "winlab: $*" >&2; exit 1; }
[ $# -ge 2 ] || { sed -n '2,14p' "$0"; exit 2; }
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
CMD=$1; mkdir -p "$2"; DIR=$(cd "$2" && pwd); shift 2

enter() {  # this script again, inside the lab's Debian
  local root=$DIR/debian d
  [ -x "$root/usr/lib/wine/wine64" ] || die "there is no Debian in $root; run: python build/windows_lab.py"
  mount --bind "$root" "$root"
  mount --make-unbindable "$root"            # so that it does not appear in itself
  for d in /* "$DIR" "$CHECKOUT" "$PWD"; do
    case $d in
      /bin|/sbin|/lib*|/usr|/etc|/var|/boot|/lost+found) continue;;
      /usr/*|/etc/*|/var/*|/boot/*) ;;       # a checkout in such a place comes in by itself
      /*/*) continue;;
    esac
    [ -d "$d" ] && [ ! -L "$d" ] || continue
    mkdir -p "$root$d"
    mount --rbind "$d" "$root$d"
  done
  for d in resolv.conf hosts ssl/certs/ca-certificates.crt; do    # a company's own roots hold in the lab too
    if [ -s "/etc/$d" ] && ! cmp -s "/etc/$d" "$root/etc/$d"; then
      cp -L "/etc/$d" "$root/etc/$d.new.$$" && mv "$root/etc/$d.new.$$" "$root/etc/$d"
    fi
  done
  WINLAB_INSIDE=1 exec chroot "$root" /bin/bash -c 'cd "$1" && shift && exec "$@"' - "$PWD" /bin/bash "$@"
}
if [ -z "${WINLAB_INSIDE:-}" ]; then
  if [ -z "${WINLAB_APART:-}" ]; then
    [ "$(id -u)" = 0 ] || die "the lab is a Debian of its own, which root alone can enter"
    WINLAB_APART=1 exec unshare --mount --propagation private /bin/bash "$0" "$CMD" "$DIR" "$@"
  fi
  unset WINLAB_APART
  enter "$CHECKOUT/build/winlab.sh" "$CMD" "$DIR" "$@"
fi
unset WINLAB_INSIDE

WINE=/usr/lib/wine/wine64                    # Debian's wine64 has no /usr/bin/wine64 without package wine
WINESERVER=/usr/lib/wine/wineserver64
PY='C:\Python313\python.exe'

setup_env() {
  export WINEPREFIX=$DIR/prefix WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all}
  # no Mono/Gecko installers, no menu files in the host's home
  export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe=d${WINLAB_DLLOVERRIDES:+;$WINLAB_DLLOVERRIDES}"
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
  timeout 120 "$WINE" cmd /c ver </dev/null >/dev/null 2>&1 || die "wine does not start in $WINEPREFIX"
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

install_python() {  # install_python NUMBER DLL_SHA256 [LIBRARIES_ZIP]: a whole CPython in C:\PythonNUMBER
  local c=$WINEPREFIX/drive_c n=$1
  [ -f "$c/Python$n/.winlab-ready" ] && return
  rm -rf "$c/Python$n" "$c/cp$n"
  unzip -q -o "$DIR/cache/python$n.zip" "cp$n/*" -d "$c"
  mv "$c/cp$n" "$c/Python$n"
  if [ -n "${3:-}" ]; then                   # the libraries of a newer patch level, each in the place of its older self
    local new=$c/newer f
    rm -rf "$new"; unzip -q "$3" -d "$new"
    for f in "$new"/*; do
      for d in "$c/Python$n" "$c/Python$n/DLLs"; do
        case ${f##*/} in _tkinter.pyd|t[ck]*.dll) continue;; esac     # these go with the scripts of tcl/
        if [ -f "$d/${f##*/}" ]; then mv "$f" "$d/${f##*/}"; break; fi
      done
    done
    rm -rf "$new"
  fi
  echo "$2  $c/Python$n/python$n.dll" | sha256sum -c --quiet
  rm -rf "$c/Python$n/Scripts/"*.exe "$c/Python$n/Lib/site-packages/"*  # the repacker's own tools
  wine_run "C:\\Python$n\\python.exe" -m ensurepip --default-pip >/dev/null 2>&1
  touch "$c/Python$n/.winlab-ready"
}

cmd_setup() {
  # 1. the prefix, as Windows 10
  setup_env; x_up
  if [ ! -f "$WINEPREFIX/.winlab-ready" ]; then
    rm -rf "$WINEPREFIX"
    timeout 300 "$WINE" wineboot -i </dev/null >/dev/null 2>&1 || die "wineboot did not end well"
    timeout 60 "$WINE" winecfg -v win10 </dev/null >/dev/null 2>&1 || die "winecfg did not end well"
    timeout 60 "$WINESERVER" -w || "$WINESERVER" -k
    # Inter stands in for Segoe UI, which a real Windows has: pictures from here then look as they will there
    cp -n /usr/share/fonts/truetype/{dejavu,liberation}/*.ttf "$WINEPREFIX/drive_c/windows/Fonts/"
    cp "$CHECKOUT"/resources/fonts/*.ttf "$WINEPREFIX/drive_c/windows/Fonts/"
    touch "$WINEPREFIX/.winlab-ready"
  fi
  build_fakes
  # 2. the Windows Pythons
  install_python 313 "$PYDLL_313" "$DIR/cache/libraries313.zip"
  install_python 311 "$PYDLL_311"
  # 3. registry: python on PATH, PEP 514 keys (py launcher, uv), long paths, quiet crash dialogs
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

[HKEY_LOCAL_MACHINE\SOFTWARE\Python\PythonCore\3.13]
"DisplayName"="Python 3.13 (64-bit)"
"Version"="3.13.11"
"SysVersion"="3.13"
"SysArchitecture"="64bit"

[HKEY_LOCAL_MACHINE\SOFTWARE\Python\PythonCore\3.13\InstallPath]
@="C:\\Python313\\"
"ExecutablePath"="C:\\Python313\\python.exe"
"WindowedExecutablePath"="C:\\Python313\\pythonw.exe"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\FileSystem]
"LongPathsEnabled"=dword:00000001

[HKEY_CURRENT_USER\Software\Wine\WineDbg]
"ShowCrashDialog"=dword:00000000
REG
    timeout 60 "$WINE" regedit /S "$(winpath "$DIR/cache/winlab.reg")" </dev/null >/dev/null 2>&1 || die "regedit did not end well"
    touch "$WINEPREFIX/.winlab-reg"
  fi
  wine_run "$PY" -c 'import sys, ssl, ctypes, sqlite3, asyncio, winreg, venv
assert sys.platform == "win32" and sys.version_info[:3] == (3, 13, 11), sys.version
print("winlab: ready:", sys.version, "|", ssl.OPENSSL_VERSION, "|", sys.getwindowsversion())'
}

build_fakes() {  # pretended libraries for the tests; they lie in C:\lab and are used by those tests alone
  local source=$CHECKOUT/tests/windows/nvml.c target=$WINEPREFIX/drive_c/lab/nvml.dll
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
  pip-install) setup_env; need; wine_run "$PY" -m pip install --no-compile --no-warn-script-location "$@";;
  exec) setup_env; need; e=$1; shift; [ -e "$e" ] && e=$(winpath "$e"); wine_run "$e" "$@";;
  run-exe) setup_env; need; e=$1; shift; [ -e "$e" ] && e=$(winpath "$e"); wine_run "$e" "$@";;
  start-exe) setup_env; need; e=$1; shift; [ -e "$e" ] && e=$(winpath "$e"); wine_up
     setsid "$WINE" "$e" "$@" </dev/null >/dev/null 2>&1 & echo $!;;
  debian) exec "$@";;
  screenshot) setup_env; x_up; import -window root "$1";;
  xdo) setup_env; x_up; xdotool "$@";;
  stop) setup_env; "$WINESERVER" -k 2>/dev/null || true
     if [ -f "$DIR/xvfb.pid" ]; then kill "$(cat "$DIR/xvfb.pid")" 2>/dev/null || true; rm -f "$DIR/xvfb.pid" "$DIR/xvfb.display"; fi;;
  *) die "unknown command $CMD";;
esac
