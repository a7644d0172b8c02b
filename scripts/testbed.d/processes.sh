# Starts, recognises and ends processes, and waits for them. Sourced by scripts/testbed.
#
# $state/pids/<name> holds two lines: process id and start time (clock ticks since boot). A process is ours when both
# agree with /proc: a process id alone may have been given to somebody else since. The command line says nothing: it
# is empty for some milliseconds whenever a process becomes another program, longer when that is read from a disk.
# shellcheck shell=bash disable=SC2154

# start_time PID: field 22 of /proc/PID/stat, counted after the command name, which may hold blanks. Fails for a
# process that has ended and is only waiting to be noticed.
start_time() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    echo "${fields[19]}"
}

# alive NAME: whether the process that was started as NAME runs.
alive() {
    local record
    [[ -f $state/pids/$1 ]] || return 1
    mapfile -t record <"$state/pids/$1"
    ((${#record[@]} == 2)) || return 1
    [[ $(start_time "${record[0]}") == "${record[1]}" ]]
}

# process_id NAME
process_id() { head -n 1 "$state/pids/$1"; }

# spawn NAME PROGRAM [ARGUMENT...]: starts PROGRAM in the background unless NAME is alive.
spawn() {
    local name=$1 pid
    shift
    if alive "$name"; then return; fi
    # A session of its own: Ctrl-C in the terminal ends "start", not what it started. Descriptor 9 is the lock.
    setsid "$@" </dev/null >>"$state/logs/$name.log" 2>&1 9>&- &
    pid=$!
    disown "$pid"
    printf '%s\n%s\n' "$pid" "$(start_time "$pid" || echo 0)" >"$state/pids/$name"
}

# Seconds that a server may take to be of use: what starts it reads it from a disk, beside all the others.
readonly patience=180

# await NAME TEST...: polls TEST until it succeeds. Fails when the process NAME ends or the time is over, and then
# prints the end of its log.
await() {
    local name=$1 deadline=$((SECONDS + patience))
    shift
    until "$@" >/dev/null 2>&1; do
        if ! alive "$name"; then
            say "$name ended; the last lines of $state/logs/$name.log:"
        elif ((SECONDS >= deadline)); then
            say "$name is not ready after $patience s; the last lines of $state/logs/$name.log:"
        else
            sleep 0.1
            continue
        fi
        tail -n 15 "$state/logs/$name.log" >&2
        return 1
    done
}

# signal_process SIGNAL NAME: signals a process of ours, and nobody else's.
signal_process() {
    if alive "$2"; then kill "-$1" "$(process_id "$2")" 2>/dev/null || true; fi
}

# end_processes NAME...: asks all at once, insists after two seconds. What they wrote is thrown away anyway.
end_processes() {
    local name deadline=$((SECONDS + 2))
    for name in "$@"; do signal_process TERM "$name"; done
    for name in "$@"; do
        while alive "$name" && ((SECONDS <= deadline)); do sleep 0.05; done
        signal_process KILL "$name"
        while alive "$name"; do sleep 0.05; done
        rm -f "$state/pids/$name"
    done
}

# port NUMBER: the port with that number in the testbed's range.
port() { echo $((port_base + $1)); }

# require_port NAME NUMBER: fails when the port belongs to a program that is not the process NAME.
require_port() {
    local number holder
    number=$(port "$2")
    if alive "$1"; then return; fi
    holder=$(ss -Hltnp "sport = :$number" | tr -s ' ')
    if [[ -z $holder ]]; then return; fi
    say "$1 needs port $number, which is taken: $holder"
    say "end that program, or set GODWIT_TESTBED_PORT_BASE (now $port_base) for all verbs of the testbed"
    return 1
}
