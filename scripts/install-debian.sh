#!/bin/sh
# Install packages of Debian and its relatives, which keep apart what Python's own
# installers bring: sh scripts/install-debian.sh PACKAGE ...
set -e
if ! command -v apt-get >/dev/null; then
    echo "This machine lacks what Debian has in: $*" >&2
    echo "Please install it, then run make again." >&2
    exit 1
fi
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing $* ..."
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null
