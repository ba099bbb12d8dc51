# shellcheck shell=bash
#
# What the drivers of the page in a browser share. To be sourced.

# prepare_browser SERVER: finds the browser and installs the packages. Exports what
# browser/*.mjs read: TALLYMAN_SERVER, the binary; TALLYMAN_BROWSER, that of the
# browser; TALLYMAN_NODE_MODULES, the folder of the packages.
prepare_browser() {
  local tools folder
  tools="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
  TALLYMAN_SERVER="$(realpath -- "$1")"
  [[ -x "${TALLYMAN_SERVER}" ]] || {
    printf 'not a program: %s\n' "$1" >&2
    return 1
  }
  TALLYMAN_BROWSER="$(type -P chromium)" || {
    printf 'chromium is not installed: apt-get install --no-install-recommends chromium fonts-dejavu-core\n' >&2
    return 1
  }
  folder="$("${tools}/../npm_folder.sh" browser playwright-core@1.65.1 axe-core@4.14.1)"
  TALLYMAN_NODE_MODULES="${folder}/node_modules"
  export TALLYMAN_SERVER TALLYMAN_BROWSER TALLYMAN_NODE_MODULES
}
