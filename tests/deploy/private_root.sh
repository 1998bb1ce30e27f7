#!/bin/sh
# A computer of its own inside this one, for tests with several users: copies of /etc, an empty /opt and
# /home, in a namespace of mounts that ends with it. ROOT, PYTHON and SITE are laid out where every user
# can read them. Arguments: the work folder, then the command.
set -eu
work=$1
shift
mount --make-rprivate /
mkdir -p "$work/etc" "$work/opt" "$work/home"
cp -a /etc/. "$work/etc/"
mount --bind "$work/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /home
mkdir -p "$work/seen"
mount -t tmpfs -o mode=755 tmpfs "$work/opt"
mkdir -p "$work/opt/seen/root" "$work/opt/seen/python" "$work/opt/seen/site" "$work/opt/seen/mirror"
mount --bind "$ROOT" "$work/opt/seen/root"
mount --bind "$PYTHON" "$work/opt/seen/python"
mount --bind "$SITE" "$work/opt/seen/site"
mount --bind "$MIRROR" "$work/opt/seen/mirror"
mkdir -p "$work/opt/out" "$work/opt/seen/venv/bin" "$work/opt/seen/venv/lib/$VERSION"
cp "$UV" "$work/opt/seen/venv/bin/uv"
ln -s /opt/seen/python/bin/python3 "$work/opt/seen/venv/bin/python"
ln -s /opt/seen/site "$work/opt/seen/venv/lib/$VERSION/site-packages"
echo "home = /opt/seen/python/bin" > "$work/opt/seen/venv/pyvenv.cfg"
mount --rbind "$work/opt" /opt
{ echo /opt/seen/python/lib; cat "$work/etc/ld.so.conf"; } > "$work/etc/ld.so.conf.new"
mv "$work/etc/ld.so.conf.new" "$work/etc/ld.so.conf"
ldconfig # a Python whose library lies in its builder's own folder finds it for every user
useradd -m -s /bin/sh anna
useradd -m -s /bin/sh berta
exec "$@"
