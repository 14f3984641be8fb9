# shellcheck shell=bash
# Set-up builds everything in $new and renames it into place when it is complete, so that an interrupted set-up leaves no
# incomplete result.
# shellcheck disable=SC2154 # $cache is the caller's

new=$cache/new
bin=$cache/bin

# PATH without $bin: the links of this or an earlier set-up must not be taken for the machine's own programs. The folder
# may be on PATH several times and in several spellings; -ef finds all of them, but only if the folder exists.
mkdir -p "$bin"
users_path=
while IFS= read -r -d : folder; do
  [ "$folder" -ef "$bin" ] || users_path+=${users_path:+:}$folder
done <<<"$PATH:"

# One set-up at a time; the kernel drops the lock with the process, however it ends.
open_cache() {
  exec 9>"$cache/lock"
  flock --nonblock 9 || { echo "Set-up: another set-up is running in $cache; waiting for it"; flock 9; }
  # What an interrupted set-up left.
  rm -rf "$new"
  mkdir -p "$new" "$cache/log"
  export PATH=$bin:$users_path
}

# publish SOURCE TARGET: moves SOURCE, which is complete and below $new, to TARGET.
publish() {
  mkdir -p "$(dirname "$2")"
  rm -rf "$2"
  mv -T "$1" "$2"
}

# link TARGET NAME: makes $bin/NAME a link to TARGET.
link() {
  ln -sfn "$1" "$new/$2"
  mv -T "$new/$2" "$bin/$2"
}

linked() {
  [ "$(readlink "$bin/$2")" = "$1" ] && [ -x "$1" ]
}

# at_least FOUND WANTED: versions of the same major series, FOUND not older.
at_least() {
  [ "${1%%.*}" = "${2%%.*}" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]
}
