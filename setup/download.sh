# shellcheck shell=bash
# Official archives: downloaded if possible, always checked. A machine that cannot download them finds out quickly.

# fetch URL FILE: fails after 5 s without a connection or 15 s without data.
fetch() {
  curl --fail --location --silent --show-error --connect-timeout 5 --speed-limit 10000 --speed-time 15 --output "$2" "$1"
}

# expected_sum FILE NAME: the sum of NAME in a published file of sums. There are three formats: lines of "sum  name"
# (coreutils), "name: sum" with the sum in blocks over several lines (Apache), or the sum alone.
expected_sum() {
  local sum
  sum=$(awk -v name="$2" '$2 == name || $2 == "*" name { print $1; exit }' "$1")
  [ -n "$sum" ] || sum=$(tr -d '[:space:]' <"$1" | sed "s/^${2//./\\.}://")
  sum=${sum,,}
  [[ $sum =~ ^([0-9a-f]{64}|[0-9a-f]{128})$ ]] && echo "$sum"
}

# verify FILE SUM: SHA-256 or SHA-512, told apart by length.
verify() {
  local tool=sha256sum
  [ ${#2} -eq 64 ] || tool=sha512sum
  echo "$2  $1" | "$tool" --check --quiet || {
    echo "$1: $tool is $("$tool" "$1" | cut -d ' ' -f 1), expected $2: the file is damaged or is not the published one"
    return 1
  }
}

# fetch_checked BASE_URL NAME SUMS_NAME FILE: BASE_URL/NAME, checked against BASE_URL/SUMS_NAME, becomes FILE.
fetch_checked() {
  local sum
  fetch "$1/$3" "$4.sums" || return 1
  sum=$(expected_sum "$4.sums" "$2") || { echo "$1/$3 has no sum of $2"; return 1; }
  fetch "$1/$2" "$4" && verify "$4" "$sum"
}
