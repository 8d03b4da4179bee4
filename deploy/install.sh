#!/bin/sh
# Installs jobrunner on this machine: looks for Node, lets npm install the package, and lets
# `jobrunner init` write settings and a first flow. Safe to run twice.
#
#   sh install.sh [--profile KIND] [--package WHAT] [--prefix DIR] [--service] [--dry-run]
#   sh install.sh --uninstall [--prefix DIR] [--dry-run]
#
#   --profile KIND   alone, laptop, phone, server or decentralised (default: alone)
#   --package WHAT   what npm installs: a version, a tarball (default: jobrunner)
#   --prefix DIR     where npm puts it (default: npm's own)
#   --service        makes it a service of this machine as well
#   --uninstall      removes service and package; settings and jobs stay
#   --dry-run        only says what would be done
set -eu

profile=alone
package=jobrunner
prefix=
service=no
act=install
dry=no

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --profile) profile=$(value "$@"); shift ;;
      --package) package=$(value "$@"); shift ;;
      --prefix) prefix=$(value "$@"); shift ;;
      --service) service=yes ;;
      --uninstall) act=uninstall ;;
      --dry-run) dry=yes ;;
      -h | --help) usage; exit 0 ;;
      *) fail "there is no option $1" "see: sh install.sh --help" ;;
    esac
    shift
  done
  case $profile in
    alone | laptop | phone | server | decentralised) ;;
    *) fail "there is no profile $profile" "alone, laptop, phone, server or decentralised" ;;
  esac
  check_node
  "$act"
}

install() {
  case $package in [0-9]*.[0-9]*.[0-9]*) [ -e "$package" ] || package="jobrunner@$package" ;; esac
  npm_globally install "$package"
  jobrunner init --profile "$profile"
  [ "$service" = no ] || jobrunner service install
  [ "$dry" = no ] || return 0
  say ""
  say "jobrunner is installed. Next: jobrunner doctor"
  on_path || say "It lies in $(bin), which is not on your PATH."
}

uninstall() {
  if is_service; then
    jobrunner service uninstall || say "the service could not be removed; the package is"
  fi
  npm_globally uninstall jobrunner
  [ "$dry" = no ] || return 0
  say ""
  say "jobrunner is removed. Settings (~/.config/jobrunner) and jobs (~/.local/state/jobrunner) stay."
}

# 0: it runs, 5: it does not; anything else: there is none.
is_service() {
  [ -x "$(bin)/jobrunner" ] || return 1
  code=0
  "$(bin)/jobrunner" service status >/dev/null 2>&1 || code=$?
  [ "$code" = 0 ] || [ "$code" = 5 ]
}

check_node() {
  command -v node >/dev/null 2>&1 ||
    fail "Node is not on your PATH" "install version 22 or newer: https://nodejs.org"
  command -v npm >/dev/null 2>&1 || fail "npm is not on your PATH" "it comes with Node"
  # The shell expands nothing in there.
  # shellcheck disable=SC2016
  node -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1);' ||
    fail "this is Node $(node --version), jobrunner needs 20.19 or newer" \
      "install version 22 or newer: https://nodejs.org"
  say "Node $(node --version), $(command -v node)"
}

npm_globally() {
  if [ -n "$prefix" ]; then set -- "$@" --prefix "$prefix"; fi
  run npm "$1" --global --no-audit --no-fund --no-update-notifier "$2" ${3+"$3" "$4"}
}

# The one that was just installed, whatever else is on the PATH.
jobrunner() {
  run "$(bin)/jobrunner" "$@"
}

bin() {
  echo "${prefix:-$(npm prefix --global)}/bin"
}

on_path() {
  case ":$PATH:" in
    *":$(bin):"*) return 0 ;;
    *) return 1 ;;
  esac
}

run() {
  if [ "$dry" = yes ]; then
    say "would run: $*"
  else
    say "> $*"
    "$@"
  fi
}

value() {
  [ $# -gt 1 ] || fail "$1 needs a value" "see: sh install.sh --help"
  printf '%s' "$2"
}

usage() {
  sed -n '2,14s/^# \{0,1\}//p' "$0"
}

say() {
  printf '%s\n' "$*"
}

fail() {
  printf 'error: %s\nhint:  %s\n' "$1" "$2" >&2
  exit 2
}

# All of it is read before any of it is run: a download that breaks off does nothing.
main "$@"
