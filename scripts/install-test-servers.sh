#!/usr/bin/env bash
# Makes sure the servers that the tests and benchmarks run against are installed. `npm test` calls it first.
# When all are there it does nothing (no subprocess, a few milliseconds). As root on Debian or Ubuntu it installs them;
# otherwise it says what is missing and the command that installs it, and fails.
#
# Debian starts packaged services by itself, so after an installation a redis-server and a memcached may be listening
# on their default ports. They are left alone: the tests use free ports of their own, and a policy against starting
# services (policy-rc.d) would change the machine for everybody else.
set -euo pipefail
PATH="$PATH:/usr/sbin:/usr/local/sbin"

# program, Debian package, Homebrew formula
readonly WANTED=(
  'redis-server redis-server redis'
  'redis-cli redis-tools redis'
  'redis-benchmark redis-tools redis'
  'memcached memcached memcached'
  'nutcracker nutcracker twemproxy'
)

missing=() packages=() formulas=()

look() {
  local entry program package formula
  missing=() packages=() formulas=()
  for entry in "${WANTED[@]}"; do
    read -r program package formula <<<"$entry"
    command -v "$program" >/dev/null && continue
    missing+=("$program")
    [[ " ${packages[*]-} " == *" $package "* ]] || packages+=("$package")
    [[ " ${formulas[*]-} " == *" $formula "* ]] || formulas+=("$formula")
  done
}

look
((${#missing[@]} == 0)) && exit 0
echo "missing: ${missing[*]}" >&2

if [[ $OSTYPE == darwin* ]]; then
  echo "install with: brew install ${formulas[*]}" >&2
  exit 1
fi
readonly APT="apt-get update && apt-get install -y --no-install-recommends ${packages[*]}"
if ! command -v apt-get >/dev/null; then
  echo "install these with your package manager (on Debian they are: ${packages[*]})" >&2
  exit 1
fi
if ((EUID != 0)); then
  echo "install with: sudo sh -c '$APT'" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
# Another client library for the memcached tests; they leave its scenario out where it is missing.
apt-get install -y -qq --no-install-recommends python3-pymemcache || echo 'python3-pymemcache: not installed' >&2
look
if ((${#missing[@]} > 0)); then
  echo "still missing after the installation: ${missing[*]}" >&2
  exit 1
fi
