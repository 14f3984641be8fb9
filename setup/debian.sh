# shellcheck shell=bash
# Debian's package manager, without questions and without recommended packages.

as_root() {
  if [ "$EUID" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# missing_packages NAME...: those that are not installed.
missing_packages() {
  comm -13 <(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' | sort -u) \
    <(printf '%s\n' "$@" | sort)
}

# install_packages NAME...: installs those that are missing.
install_packages() {
  local missing
  command -v apt-get >/dev/null || { echo "there is no apt-get; set-up needs Debian 12 or a relative of it"; return 1; }
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  # On a fresh machine the package lists are empty or old and the first try fails. Updating them each time is too slow.
  apt_install "${missing[@]}" || { as_root apt-get -q update && apt_install "${missing[@]}"; }
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install "$@"
}
