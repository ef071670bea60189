# Installs the Debian packages named as arguments, without letting any of their services run.
#
# One script, so that what it changes is undone by its own trap even when the caller is killed.
set -eu

policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then
    echo "$policy exists and is left as it is; it decides whether services start" >&2
else
    # noclobber: when another program makes the file at this moment, that one wins and this script stops.
    set -C
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"

# Not started now; and not at the next boot either.
if command -v systemctl >/dev/null; then
    for unit in $(dpkg -L "$@" | sed -n 's#^.*/systemd/system/\([^/@]*\.service\)$#\1#p'); do
        systemctl disable --quiet "$unit" || echo "could not disable $unit; do it by hand" >&2
    done
fi
