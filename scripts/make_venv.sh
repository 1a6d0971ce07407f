#!/usr/bin/env bash
# make_venv.sh PYTHON DIRECTORY: a virtual environment, with what PYTHON itself needs for that and
# for compiling an extension. Debian ships both apart from the interpreter.
set -euo pipefail
python=$1
directory=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "$python is not a Python of version 3.11 or later; name one: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi

needed=()
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import ensurepip, venv' 2>/dev/null || needed+=("python$version-venv")
"$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
  needed+=("python$version-dev")
[ ${#needed[@]} -eq 0 ] || "$(dirname "$0")/setup_debian.sh" "${needed[@]}"

# A folder left by an interrupted run is started afresh.
"$python" -m venv --clear "$directory"
# Dependency groups need pip 25.1.
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
