# shellcheck shell=bash
# A step is a file in setup/steps that defines:
#   title        what it installs
#   ready        succeeds if there is nothing to do; quick and quiet
#   build        does the work; its output goes to a log, `say` prints to the user
#   advice       the next step for the user when build failed
#   progress     (optional) one line about a running build; by default the last line of the log
# shellcheck disable=SC2154 # $cache, $setup are the caller's

duration() {
  if [ "$1" -lt 60 ]; then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi
}

say() {
  printf '%s    %s\n' "$clear_line" "$*" >&3
}

progress() {
  tail -c 400 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n1
}

# On a terminal, one line that is rewritten; elsewhere, a line every 20 s.
clear_line=
progress_every=20
if [ -t 1 ]; then
  clear_line=$'\r\e[K'
  progress_every=1
fi

# watch PID: shows the progress of a running build until it ends.
watch() {
  local began=$SECONDS shown=$SECONDS line
  while kill -0 "$1" 2>/dev/null; do
    sleep 0.2
    [ $((SECONDS - shown)) -ge $progress_every ] || continue
    shown=$SECONDS
    line=$(progress || true)
    line="    $(duration $((SECONDS - began)))${line:+: $line}"
    if [ -n "$clear_line" ]; then printf '%s%.*s' "$clear_line" "$(($(tput cols 2>/dev/null || echo 80) - 1))" "$line"
    else printf '%s\n' "${line:0:160}"; fi
  done
  printf '%s' "$clear_line"
}

# In a subshell, so that the functions of a step end with it.
run_step() (
  exec 3>&1
  log=$cache/log/$1.log
  # shellcheck source=/dev/null
  . "$setup/steps/$1.sh"
  if ready; then
    printf '  %s: already installed\n' "$title"
    return
  fi
  printf '  %s\n' "$title"
  began=$SECONDS
  # A process group of its own, and only one, so that an interrupt ends whatever the build started.
  set -m
  (
    set +m
    set -euo pipefail
    build
  ) >"$log" 2>&1 </dev/null &
  building=$!
  set +m
  trap 'kill -TERM -- "-$building" 2>/dev/null; echo; echo "Set-up: interrupted; run it again to continue"; exit 130' INT TERM
  watch "$building"
  took=$(duration $((SECONDS - began)))
  if wait "$building" && ready; then
    printf '    done in %s\n' "$took"
    return
  fi
  {
    echo "Set-up: $title failed after $took. The last lines of $log:"
    tail -n 15 "$log" | tr '\r' '\n' | sed 's/^/    /'
    echo "Next: $(advice)"
  } >&2
  return 1
)
