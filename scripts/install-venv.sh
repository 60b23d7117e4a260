#!/bin/sh
# Debian and its relatives keep Python's venv support in a package of its own.
set -e
package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
if ! command -v apt-get >/dev/null; then
    echo "This Python cannot create environments; please install its venv support" >&2
    echo "(on Debian the package $package), then run make again." >&2
    exit 1
fi
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing $package, which Python needs to create .venv ..."
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "$package" >/dev/null
