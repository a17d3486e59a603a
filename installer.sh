#!/usr/bin/env bash
# Install pushdeploy on a Debian or Ubuntu server, show it on any machine, or remove it again.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # it was started as `sh installer.sh`
set -euo pipefail

readonly OLDEST_PYTHON="3.11"
readonly PYTHON_PROBE='
import ensurepip, sys, venv
sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))
'

# The interpreter by its versioned name: a venv that knows it by another breaks with the next upgrade.
readonly PYTHON_NAME='
import os, sys
folder, real = os.path.split(sys.executable)[0], os.path.realpath(sys.executable)
named = os.path.join(folder, "python%d.%d" % sys.version_info[:2])
print(named if os.path.realpath(named) == real else real)
'

# Runs pushdeploy/install/main.py of the checkout that is named first.
readonly FROM_CHECKOUT='
import sys
sys.path.insert(0, sys.argv.pop(1))
from pushdeploy.install.main import main
sys.exit(main())
'

usage() {
  cat <<'TEXT'
Usage:
  sudo ./installer.sh [--app NAME] [--key FILE] [--port N]   install or upgrade the server
       [--domain NAME]... [--email ADDRESS] [--firewall]     and serve the app over HTTPS
       [--yes]                                               agree to changes to other software
  sudo ./installer.sh --check [...]                          only show what is in the way
  sudo ./installer.sh uninstall [--purge] [--yes]            remove it again
  ./installer.sh demo [--dir DIR] [--port N] [--once]        show it on this machine, no root needed
  ./installer.sh demo --stop [--dir DIR]                     stop the demo and remove its folder
TEXT
}

demo_usage() {
  cat <<'TEXT'
Usage: ./installer.sh demo [--dir DIR] [--port N] [--once | --stop]

Runs an example blog under one folder, deployed by a real `git push`. Nothing outside is changed.

  --dir DIR   the folder (default: ~/pushdeploy-demo)
  --port N    where the blog answers (default: 8000; the next free one when it is taken)
  --once      also show an update, a broken update and a rollback, then remove everything;
              exits 0 only if every step succeeded
  --stop      stop what a demo left running and remove its folder
TEXT
}

# Where the checkout is, even when this file is reached through a link.
HERE=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
readonly HERE

# shellcheck source=/dev/null
source "$HERE/tool.sh"

say() {
  # shellcheck disable=SC2034 # tool.sh reads them
  LAST_SAID=$SECONDS STEP_BEGAN=$SECONDS
  printf -- '-----> %s\n' "$*" >&2
}

fail() {
  fail_as 1 "$@"
}

# With an exit status of docs/reference/exit-codes.md.
fail_as() {
  local status=$1
  shift
  printf ' !     %s\n' "$@" >&2
  exit "$status"
}

is_root() {
  [[ "$(id --user)" == 0 ]]
}

# install, uninstall: only what Python can't do for itself; the rest is in pushdeploy/install/main.py.

readonly SERVER_LOCK=/run/pushdeploy-installer.lock

# What the server needs of Debian; only what is missing is installed.
readonly SERVER_PACKAGES=(
  bash
  ca-certificates
  git
  openssh-server
  python3
  python3-venv
)

# path:package, where any package that brings the program will do. Those of SERVER_FIREWALL are
# installed only when it is asked for.
readonly SERVER_TOOLS=(
  /usr/sbin/nginx:nginx-light
  /usr/bin/certbot:certbot
)
readonly SERVER_FIREWALL=/usr/sbin/ufw:ufw

install_server() {
  local checkout tool
  server_check_arguments "$@"
  server_require_root "$@"
  server_require_system
  server_lock
  umask 022
  checkout=$HERE
  server_look "$checkout" "$@"
  if has_word --check "$@"; then
    return
  fi
  server_packages "$@"
  server_require_python
  tool=$SERVER_FOLDER/$(tool_name "$checkout")
  server_tool "$checkout" "$tool"
  "$tool/venv/bin/python" -I -m pushdeploy.install.main install --tool "$tool" "$@"
}

# What is on the server, before anything is changed: by the checkout's own code, which needs nothing
# but Python for it. A server without one has been used by nobody.
server_look() {
  local checkout=$1
  shift
  if ! server_has_python; then
    has_word --check "$@" || return 0
    fail "this check needs Python $OLDEST_PYTHON, which is not installed" "apt-get install python3 python3-venv"
  fi
  "$SERVER_PYTHON" -I -B -c "$FROM_CHECKOUT" "$checkout" check "$@"
}

# Runs from the checkout, so that it works whatever is left of the installed tool. Its packages are
# used while they are there.
uninstall() {
  local word python=$SERVER_FOLDER/current/venv/bin/python
  for word in "$@"; do
    case $word in
      --purge | --yes) ;;
      *) server_bad_usage "\`$word\` is not an option of uninstall" ;;
    esac
  done
  server_require_root uninstall "$@"
  server_lock
  cd -- "$HERE"
  "$python" -B -c 'import psutil' 2>/dev/null || python=$SERVER_PYTHON
  "$python" -B -m pushdeploy.install.main uninstall "$@"
}

# Only what is cheap to see before anything is done; Python reads the values again.
server_check_arguments() {
  local option value
  while (($#)); do
    option=${1%%=*}
    case $1 in
      --firewall | --check | --yes) value=yes ;;
      --*=*) value=${1#*=} ;;
      *)
        value=${2-}
        (($# < 2)) || shift
        ;;
    esac
    server_check_option "$option" "$value"
    shift
  done
}

server_check_option() {
  local option=$1 value=$2
  case $option in
    --app | --key | --port | --domain | --email | --acme-server | --firewall | --check | --yes) [[ -n $value ]] || server_bad_usage "\`$option\` needs a value" ;;
    *) server_bad_usage "\`$option\` is not an option of the installer" ;;
  esac
  if [[ $option == --port && ! $value =~ ^[0-9]{1,5}$ ]]; then
    server_bad_usage "\`$value\` is not a port"
  fi
  if [[ $option == --key && ! -e $value ]]; then
    fail_as 4 "\`$value\` can't be read: No such file or directory" \
      "name a public key, such as ~/.ssh/id_ed25519.pub"
  fi
}

server_bad_usage() {
  printf ' !     %s\n\n' "$1" >&2
  usage >&2
  exit 2
}

server_require_root() {
  if ! is_root; then
    fail_as 5 "this changes the server, so it needs root" "sudo ./installer.sh $*"
  fi
}

# Debian from 12 and Ubuntu from 24.04: older ones have no Python 3.11. Debian testing has no number.
server_require_system() {
  local system
  # shellcheck source=/dev/null
  system=$(. /etc/os-release && printf '%s %s' "${ID-}" "${VERSION_ID-99}")
  case $system in
    "debian 1"[2-9]* | "debian "[2-9][0-9]* | "ubuntu 2"[4-9]* | "ubuntu "[3-9][0-9]*) ;;
    *) fail "pushdeploy runs on Debian 12 or 13 and on Ubuntu 24.04; this is \`$system\`" ;;
  esac
  if [[ ! -d /run/systemd/system ]]; then
    fail "systemd does not run on this machine" "without it: ./installer.sh demo"
  fi
}

# The lock ends with this process; its file is in /run and stays empty.
server_lock() {
  local before
  before=$(umask)
  umask 0077 # who can open it could hold it, and keep every installer out
  exec 9>"$SERVER_LOCK"
  chmod 0600 "$SERVER_LOCK"
  umask "$before"
  flock --nonblock 9 || fail "another installer is running" "wait until it has finished"
}

server_packages() {
  local package tool missing=() tools=("${SERVER_TOOLS[@]}")
  for package in "${SERVER_PACKAGES[@]}"; do
    server_has_package "$package" || missing+=("$package")
  done
  if has_word --firewall "$@"; then
    tools+=("$SERVER_FIREWALL")
  fi
  for tool in "${tools[@]}"; do
    [[ -x ${tool%%:*} ]] || missing+=("${tool#*:}")
  done
  if ((${#missing[@]})); then
    apt_install "${missing[@]}"
  fi
}

server_has_package() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

server_has_python() {
  "$SERVER_PYTHON" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

server_require_python() {
  if ! "$SERVER_PYTHON" -I - "$OLDEST_PYTHON" <<<"$PYTHON_PROBE" 2>/dev/null; then
    fail "\`$SERVER_PYTHON\` is older than $OLDEST_PYTHON, or can't make a venv" \
      "$SERVER_PYTHON --version; apt-get install --reinstall python3 python3-venv"
  fi
}

# One that lost its Python, or a file, is made again.
server_tool() {
  local checkout=$1 tool=$2
  say "Installing the tool into $tool"
  if tool_works "$tool"; then
    detail "no change"
    return
  fi
  tool_make "$checkout" "$tool"
  detail ok
}

# demo: only what Python can't do for itself; the rest is in pushdeploy/demo/main.py.

demo() {
  local checkout folder python
  checkout=$HERE
  if has_word --help "$@" || has_word -h "$@"; then
    demo_usage
    return
  fi
  demo_check_arguments "$@"
  folder=$(demo_folder "$@")
  if has_word --stop "$@" && [[ ! -d $folder/tool ]]; then
    fail "there is no demo in \`$folder\`" "if it is elsewhere: ./installer.sh demo --stop --dir DIR"
  fi
  if has_word --stop "$@"; then
    # An upgrade of the system may have taken its Python away since.
    "$folder/tool/bin/python" -I -c 'import psutil' 2>/dev/null ||
      demo_tool "$folder/tool" "$(find_python)" "$checkout"
  else
    demo_require_programs
    python=$(find_python)
    demo_own_folder "$folder"
    if has_word --once "$@" && [[ ! -e $folder/server ]]; then
      DEMO_LEFTOVER=$folder
      trap 'rm --recursive --force -- "$DEMO_LEFTOVER"' EXIT # until Python takes over
    fi
    demo_tool "$folder/tool" "$python" "$checkout"
  fi
  exec "$folder/tool/bin/python" -I -m pushdeploy.demo.main \
    --checkout "$checkout" --dir "$folder" "$@"
}

# What is mistyped is said before anything is made.
demo_check_arguments() {
  local option value
  while (($#)); do
    option=${1%%=*} value=${1#*=}
    case $1 in
      --once | --stop | --dir=* | --port=*) ;;
      --dir | --port)
        value=${2-}
        (($# < 2)) || shift
        ;;
      *) demo_bad_usage "\`$1\` is not an option of the demo" ;;
    esac
    [[ -n $value ]] || demo_bad_usage "\`$option\` needs a value"
    if [[ $option == --port && ! $value =~ ^[0-9]{1,5}$ ]]; then
      demo_bad_usage "\`$value\` is not a port"
    fi
    shift
  done
}

demo_bad_usage() {
  printf ' !     %s\n\n' "$1" >&2
  demo_usage >&2
  exit 2
}

# True when the first argument is among the others.
has_word() {
  local wanted=$1 word
  shift
  for word in "$@"; do
    if [[ $word == "$wanted" ]]; then
      return 0
    fi
  done
  return 1
}

# Prints the demo's folder, absolute: `--dir DIR`, else one in the home folder.
demo_folder() {
  local folder=""
  while (($#)); do
    case $1 in
      --dir)
        folder=${2-}
        [[ -n $folder ]] || fail "\`--dir\` needs a folder" "./installer.sh demo --dir DIR"
        shift
        ;;
      --dir=*) folder=${1#--dir=} ;;
    esac
    shift
  done
  if [[ -z $folder && -n ${HOME-} ]]; then
    folder=$HOME/pushdeploy-demo
  elif [[ -z $folder ]]; then
    folder=${TMPDIR:-/tmp}/pushdeploy-demo-$(id --user)
  fi
  realpath --canonicalize-missing -- "$folder"
}

# Makes the folder, or takes the one that an earlier demo made; anything else is left alone.
demo_own_folder() {
  local folder=$1
  if [[ -e $folder && ! -d $folder ]]; then
    fail_as 2 "\`$folder\` is a file, and \`--dir\` names a folder." "./installer.sh demo --dir DIR"
  fi
  if [[ -e $folder && ! -O $folder ]]; then
    fail_as 5 "\`$folder\` belongs to somebody else." "./installer.sh demo --dir DIR"
  fi
  if [[ -d $folder && ! -e $folder/.pushdeploy-demo && -n $(ls --almost-all -- "$folder") ]]; then
    fail "\`$folder\` is not empty, and no demo made it" "./installer.sh demo --dir DIR"
  fi
  mkdir --parents -- "$folder" 2>/dev/null || fail "\`$folder\` can't be created" "./installer.sh demo --dir DIR"
  touch -- "$folder/.pushdeploy-demo"
}

# Brings git and Python by apt as root; else names each thing that is missing.
demo_require_programs() {
  local missing=()
  command -v git >/dev/null || missing+=(git)
  find_python >/dev/null || missing+=(python3 python3-venv)
  if ((${#missing[@]} == 0)); then
    return
  fi
  if is_root && command -v apt-get >/dev/null; then
    apt_install "${missing[@]}" ca-certificates
    if find_python >/dev/null; then
      return
    fi
    fail "this system's python3 is older than $OLDEST_PYTHON" "Debian 12 and Ubuntu 24.04 have a newer one"
  fi
  demo_name_missing "${missing[@]}"
}

demo_name_missing() {
  local name
  for name in "$@"; do
    case $name in
      python3) printf ' !     missing: python3, %s or newer\n' "$OLDEST_PYTHON" >&2 ;;
      python3-venv) printf ' !     missing: python3-venv (or ensurepip, to make a venv)\n' >&2 ;;
      *) printf ' !     missing: %s\n' "$name" >&2 ;;
    esac
  done
  fail "as root: apt-get install $*"
}

# Waits for a fresh server's own upgrades, which hold the lock for minutes.
apt_install() {
  local log
  say "Installing Debian packages: $*"
  log=$(mktemp)
  if ! { patiently "$log" apt_get update && patiently "$log" apt_get install --yes --no-install-recommends "$@"; }; then
    cat -- "$log" >&2
    rm -- "$log"
    fail "apt-get failed" "apt-get update && apt-get install $*"
  fi
  rm -- "$log"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=600 "$@"
}

# Prints the first Python that is new enough and can make a venv.
find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.{14..11} /usr/bin/python3; do
    if "$candidate" -I - "$OLDEST_PYTHON" <<<"$PYTHON_PROBE" 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# The tool itself in a venv: locked packages, checked by their hashes, and a copy of this checkout.
demo_tool() {
  local venv=$1 python checkout=$3 wanted
  python=$("$2" -I -c "$PYTHON_NAME")
  wanted=$({ "$python" --version && cat -- "$checkout/requirements.lock"; } | sha256sum)
  if [[ "$(cat -- "$venv/.made-from" 2>/dev/null)" != "$wanted" ]] || ! "$venv/bin/python" -c 'import psutil'; then
    say "Making a venv for pushdeploy itself in $venv"
    saying "making a venv" "$python" -m venv --clear -- "$venv" || fail "\`$python\` could not make a venv; the reason is above"
    pip_patiently "$venv" install --no-compile --require-hashes --requirement "$checkout/requirements.lock"
    printf '%s\n' "$wanted" >"$venv/.made-from"
  fi
  copy_package "$venv" "$checkout"
}

# Lays the package into a venv as its wheel would, without a build.
copy_package() {
  local venv=$1 checkout=$2 packages
  packages=$("$venv/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  rm --recursive --force -- "$packages/pushdeploy"
  copy_folders "$checkout" "$packages" pushdeploy
  mkdir -- "$packages/pushdeploy/_share"
  copy_folders "$checkout" "$packages/pushdeploy/_share" hooks templates
}

# Copies folders without compiled files: those may be another user's, or another Python's.
copy_folders() {
  local from=$1 to=$2
  shift 2
  tar --create --directory="$from" --exclude=__pycache__ -- "$@" |
    tar --extract --directory="$to" --no-same-owner
}

main() {
  if [[ ${1-} != demo ]] && { has_word --help "$@" || has_word -h "$@"; }; then
    usage
    return
  fi
  case ${1-} in
    demo)
      shift
      demo "$@"
      ;;
    uninstall)
      shift
      uninstall "$@"
      ;;
    help) usage ;;
    *) install_server "$@" ;;
  esac
}

main "$@"
