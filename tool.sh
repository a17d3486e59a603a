#!/usr/bin/env bash
# The tool's own folder, /opt/pushdeploy/VERSION: how it is made, and made again without a checkout
# and without a network when an upgrade of the system has taken its Python away.
#
# installer.sh sources this. Each version keeps a copy, with its packages, and `repair` runs it.
set -euo pipefail

readonly SERVER_PYTHON=/usr/bin/python3
readonly SERVER_FOLDER=/opt/pushdeploy

# Programs in /opt/pushdeploy/current/bin, and their modules of pushdeploy.programs. They name the
# version's own Python: an upgrade never changes modules under one that runs.
readonly SERVER_PROGRAMS=(engine notices shell:ssh_command watchdog)

# What the tool is made from.
readonly SERVER_SOURCE=(hooks pushdeploy templates installer.sh tool.sh pyproject.toml requirements.lock)

# So many minor versions of Python after today's: their packages are kept too, if they can be had.
readonly SERVER_LATER=4

# How long a repair waits for another one, in seconds.
readonly SERVER_PATIENCE=300

# Prints `0.1.0-9f86d081884c`: the version, and the digest of all that the tool is made from.
tool_name() {
  local checkout=$1 version digest
  version=$(sed --quiet 's/^version = "\(.*\)"$/\1/p' "$checkout/pyproject.toml")
  digest=$(
    cd -- "$checkout"
    find "${SERVER_SOURCE[@]}" -type f ! -name '*.pyc' -print0 |
      LC_ALL=C sort --zero-terminated | xargs --null sha256sum | sha256sum
  )
  tool_name_of "$version" "${digest%% *}"
}

# Prints the same from the version and the digest of the source; the server's Python belongs to it.
tool_name_of() {
  local version=$1 source=$2 digest
  digest=$({ "$SERVER_PYTHON" --version && printf '%s\n' "$source"; } | sha256sum)
  printf '%s-%s\n' "$version" "${digest:0:12}"
}

# Prints python3's versioned name: a venv that knows it by another breaks with the next upgrade.
tool_python() {
  local minor
  minor=$("$SERVER_PYTHON" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if [[ "${SERVER_PYTHON%3}$minor" -ef $SERVER_PYTHON ]]; then
    printf '%s\n' "${SERVER_PYTHON%3}$minor"
  else
    realpath -- "$SERVER_PYTHON"
  fi
}

# True when a version is complete, and its Python runs it.
tool_works() {
  [[ -e $1/.complete ]] &&
    "$1/venv/bin/python" -I -c 'import cryptography.x509, jinja2, psutil, pushdeploy.cli' 2>/dev/null
}

# A folder for each version; without `.complete`, synced and written last, it does not count.
tool_begin() {
  local tool=$1
  rm --recursive --force -- "$tool"
  mkdir --parents -- "$tool/bin" "$tool/hooks" "$tool/source" "$tool/wheels"
}

tool_finish() {
  local tool=$1
  tool_scripts "$tool"
  saying "writing to the disk" sync --file-system -- "$tool"
  touch -- "$tool/.complete"
  saying "writing to the disk" sync --file-system -- "$tool"
}

# From a checkout, by pip: nothing else is there yet.
tool_make() {
  local checkout=$1 tool=$2 lock
  tool_begin "$tool"
  tool_keep_source "$checkout" "$tool"
  lock=$tool/source/requirements.lock
  saying "making a venv" "$(tool_python)" -m venv -- "$tool/venv" ||
    fail "$SERVER_PYTHON could not make a venv; the reason is above" \
      "apt-get install --reinstall python3-venv python3-pip-whl"
  tool_pip "$tool" download --dest "$tool/wheels" --require-hashes --requirement "$lock"
  tool_pip "$tool" wheel --no-deps --wheel-dir "$tool/wheels" "$checkout"
  tool_pip "$tool" install --no-index --find-links "$tool/wheels" --require-hashes --requirement "$lock"
  tool_pip "$tool" install --no-index --no-deps "$tool"/wheels/pushdeploy-*.whl
  tool_keep_later "$tool"
  tool_finish "$tool"
}

# Runs a program as `patiently` does; says what it is about, and what it printed when it fails. No
# function of ours: `set -e` would not end it.
saying() {
  local log status=0
  log=$(mktemp)
  printf '%s\n' "$1" >"$log"
  shift
  patiently "$log" "$@" || status=$?
  ((status == 0)) || tail --lines=+2 -- "$log" >&2
  rm -- "$log"
  return "$status"
}

tool_pip() {
  local tool=$1
  shift
  pip_patiently "$tool/venv" "$@"
}

# pip of a venv; what it says is shown when it fails.
pip_patiently() {
  local venv=$1 log
  shift
  log=$(mktemp)
  if ! patiently "$log" "$venv/bin/python" -I -m pip --disable-pip-version-check --no-cache-dir "$@"; then
    grep --extended-regexp '^ *(ERROR|WARNING|error)' -- "$log" >&2 || cat -- "$log" >&2
    rm -- "$log"
    fail "pushdeploy's packages could not be installed; pip's reason is above" \
      "if that was the network, run the same command again: it continues where it stopped"
  fi
  rm -- "$log"
}

detail() {
  LAST_SAID=$SECONDS
  printf '       %s\n' "$*" >&2
}

# True when three seconds have passed without a word; several quick programs add up.
is_silent() {
  ((SECONDS - LAST_SAID >= 3))
}
LAST_SAID=0
STEP_BEGAN=0

# Says what is done, and how long the step has taken.
say_still() {
  detail "${1:-still working} ($((SECONDS - STEP_BEGAN)) s)"
}

# Runs a command whose output goes into a log, and says every three seconds what it is at, by the
# last line of the log. `cut` counts bytes, so that pip's bars would be cut within a letter.
patiently() {
  local log=$1 process
  shift
  "$@" >>"$log" 2>&1 </dev/null &
  process=$!
  trap 'kill "$process" 2>/dev/null; exit 130' INT TERM # the background ignores Ctrl-C
  while kill -0 "$process" 2>/dev/null; do
    sleep 0.1
    if is_silent; then
      say_still "$(tail --lines=1 -- "$log" | LC_ALL=C tr --complement --delete '[:print:]' | cut --characters=1-60)"
    fi
  done
  trap - INT TERM
  wait "$process"
}

# What it takes to make the same version again.
tool_keep_source() {
  local checkout=$1 tool=$2 name
  cp --recursive -- "$checkout"/{hooks,requirements.lock,tool.sh} "$tool/source/"
  name=$(tool_name "$checkout")
  printf '%s\n' "${name%-*}" >"$tool/source/version"
  (
    cd -- "$checkout"
    find "${SERVER_SOURCE[@]}" -type f ! -name '*.pyc' -print0 |
      LC_ALL=C sort --zero-terminated | xargs --null sha256sum | sha256sum
  ) >"$tool/source/digest"
}

# The packages that are made for one minor version, for those that come next, side by side. Where
# they can't be had, a repair asks for them.
tool_keep_later() {
  local tool=$1 minor later wheel name names=()
  for wheel in "$tool"/wheels/*-cp3*-cp3*.whl; do
    name=${wheel##*/}
    names+=("${name%%-*}")
  done
  ((${#names[@]})) || return 0
  tool_locked "$tool/source/requirements.lock" "${names[@]}" >"$tool/source/compiled.lock"
  minor=$("$tool/venv/bin/python" -I -c 'import sys; print(sys.version_info[1])')
  for ((later = minor + 1; later <= minor + SERVER_LATER; later++)); do
    "$tool/venv/bin/python" -I -m pip --quiet --disable-pip-version-check --no-cache-dir \
      download --no-deps --only-binary=:all: --python-version "3.$later" --dest "$tool/wheels" \
      --require-hashes --requirement "$tool/source/compiled.lock" >/dev/null 2>&1 &
  done
  while [[ -n $(jobs -r -p) ]]; do
    sleep 0.1
    if is_silent; then say_still "keeping packages for later Pythons"; fi
  done
  wait
}

# Prints what a lock file says of these packages.
tool_locked() {
  local lock=$1 names
  shift
  names=$(printf '%s\n' "$@" | tr '[:upper:]_' '[:lower:]-' | paste --serial --delimiters='|')
  awk -v names="^($names)==" '/^[^ #]/ { kept = $0 ~ names } kept && !/^ *#/' "$lock"
}

# The git hooks, the programs that sshd and systemd start, and the command, in the place of pip's.
tool_scripts() {
  local tool=$1 script library
  library=$("$tool/venv/bin/python" -I -c 'import json; print(json.__file__)')
  for script in "$tool"/source/hooks/*; do
    if [[ $(head --lines=1 -- "$script") == '#!/bin/sh' ]]; then
      cp -- "$script" "$tool/hooks/"
    else
      tool_program "$tool" "$library" "hooks/${script##*/}" "$script"
    fi
  done
  for script in "${SERVER_PROGRAMS[@]}"; do
    tool_program "$tool" "$library" "bin/${script%:*}" -m "pushdeploy.programs.${script#*:}"
  done
  tool_program "$tool" "$library" venv/bin/pushdeploy -m pushdeploy.programs.command_line
  tool_repair_program "$tool" >"$tool/repair"
  chmod 0755 -- "$tool"/hooks/* "$tool"/bin/* "$tool/venv/bin/pushdeploy" "$tool/repair"
}

# A program is read by sh, which sees whether its Python is still there, with the library of its
# version; Python itself looks at nobody's environment, nor at packages of a user (-I).
tool_program() {
  local tool=$1 library=$2 program=$3
  shift 3
  cat >"$tool/$program" <<SCRIPT
#!/bin/sh
export PUSHDEPLOY_HOOKS=$tool/hooks
[ -x $tool/venv/bin/python ] && [ -e $library ] && exec $tool/venv/bin/python -I $* "\$@"
exec /bin/sh $tool/repair $program "\$@"
SCRIPT
}

# The program that a version falls back to.
tool_repair_program() {
  local tool=$1
  cat <<SCRIPT
#!/bin/sh
# The Python of this version of pushdeploy is gone: an upgrade of the system has replaced it.
# Makes the version again for the Python of now, and goes on with what was asked for.
tool=$tool
current=$SERVER_FOLDER/current
SCRIPT
  cat <<'SCRIPT'
asked=$*
program=${1-}
[ $# -eq 0 ] || shift

give_up() {
  printf ' !     %s\n' "pushdeploy's own Python is gone from this server, and could not be replaced" \
    "on the server: sudo /opt/pushdeploy/current/repair" >&2
  exit 69
}

# systemd has one repair at a time, and not too often; others wait for the same one.
ask_root() {
  if [ "$(id -u)" = 0 ]; then
    systemctl start pushdeploy.repair.service >/dev/null 2>&1 </dev/null
  else
    # The engine runs as root, and falls back to a repair itself.
    python3 -I -c '
import socket
engine = socket.socket(socket.AF_UNIX)
engine.settimeout(300)
engine.connect("/run/pushdeploy/engine.sock")
engine.shutdown(socket.SHUT_WR)
engine.recv(1)' >/dev/null 2>&1 </dev/null
  fi
}

if [ -z "$asked" ]; then
  exec /bin/bash "$tool/source/tool.sh" repair "$tool"
fi
[ -z "${PUSHDEPLOY_REPAIRED-}" ] || give_up
if [ "$(readlink -f "$current")" = "$tool" ]; then
  ask_root
  [ "$(readlink -f "$current")" != "$tool" ] || give_up
fi
PUSHDEPLOY_REPAIRED=1 exec "$current/$program" "$@"
SCRIPT
}

# By uv, which needs no Python of its own; from the packages that were kept, else from the registry.
tool_repair() {
  local tool=$1 next python
  exec 9>/run/pushdeploy-repair.lock
  flock --timeout "$SERVER_PATIENCE" 9 || fail "another repair is still running"
  if tool_works "$SERVER_FOLDER/current"; then
    say "pushdeploy has a Python that works"
    return
  fi
  tool=$(realpath -- "$SERVER_FOLDER/current")
  python=$(tool_python)
  next=$SERVER_FOLDER/$(tool_name_of "$(<"$tool/source/version")" "$(cut --delimiter=' ' --fields=1 "$tool/source/digest")")
  [[ $next != "$tool" ]] || next=$tool-again
  say "Making pushdeploy again for $("$python" --version), in $next"
  if ! tool_works "$next"; then
    tool_make_again "$tool" "$next" "$python"
  fi
  "$next/venv/bin/python" -I -c 'import pathlib, sys; from pushdeploy.system import tool; tool.use(pathlib.Path(sys.argv[1]))' "$next"
  say "pushdeploy has a Python that works"
}

tool_make_again() {
  local tool=$1 next=$2 python=$3 lock=$1/source/requirements.lock
  tool_begin "$next"
  cp --recursive -- "$tool/source/." "$next/source/"
  cp --recursive --link -- "$tool/wheels/." "$next/wheels/"
  tool_uv "$tool" venv --python="$python" "$next/venv"
  if ! tool_uv "$tool" pip install --python="$next/venv/bin/python" --offline --no-index \
    --find-links="$next/wheels" --require-hashes --requirement="$lock" 2>/dev/null; then
    say "Not all packages for it were kept: asking the registry"
    tool_uv "$tool" pip install --python="$next/venv/bin/python" --require-hashes --requirement="$lock" ||
      fail "pushdeploy's packages for $("$python" --version) are not here and could not be fetched" \
        "when this server can reach its package registry: sudo /opt/pushdeploy/current/repair"
  fi
  tool_uv "$tool" pip install --python="$next/venv/bin/python" --offline --no-index --no-deps \
    "$next"/wheels/pushdeploy-*.whl
  tool_finish "$next"
}

tool_uv() {
  local tool=$1
  shift
  UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1 UV_CACHE_DIR=$SERVER_FOLDER/.cache \
    "$tool/venv/bin/uv" --quiet --no-cache "$@" </dev/null
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  say() { printf -- '-----> %s\n' "$*" >&2; }
  fail() {
    printf ' !     %s\n' "$@" >&2
    exit 69
  }
  umask 022
  [[ ${1-} == repair && -n ${2-} ]] || fail "tool.sh repair FOLDER"
  tool_repair "$2"
fi
