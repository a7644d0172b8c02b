# Measuring: runs, medians, verdicts, and the table. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

declare -a table=()

# timed LABEL COMMAND...: runs a command; its seconds go to $work/LABEL.seconds, the seconds of CPU to $work/LABEL.cpu, its
# peak RSS in KiB to $work/LABEL.rss.
timed() {
    local label=$1 begin end
    shift
    begin=$EPOCHREALTIME
    if ! /usr/bin/time --quiet -f '%M %U %S' -o "$work/usage" "$@" >"$work/$label.log" 2>&1; then
        tail -n 20 "$work/$label.log" >&2
        die "failed: $label"
    fi
    end=$EPOCHREALTIME
    awk -v begin="$begin" -v end="$end" 'BEGIN { printf "%.4f\n", end - begin }' >>"$work/$label.seconds"
    awk 'END { print $1 }' "$work/usage" >>"$work/$label.rss"
    awk 'END { print $2 + $3 }' "$work/usage" >>"$work/$label.cpu"
}

median() {
    sort -n "$work/$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ratio FILE FILE: the median of the quotients, round by round, so that what else the machine does weighs on both alike.
ratio() {
    paste "$work/$1" "$work/$2" | awk '{ printf "%.4f\n", $1 / $2 }' >"$work/ratio"
    median ratio | awk '{ printf "%.2f", $1 }'
}

# spread FILE: "least–greatest".
spread() { sort -n "$work/$1" | awk 'NR == 1 { least = $1 } END { printf "%.2f–%.2f", least, $1 }'; }

seconds() { median "$1.seconds" | awk '{ printf "%.2f", $1 }'; }
cpu() { median "$1.cpu" | awk '{ printf "%.2f", $1 }'; }
megabytes() { median "$1.rss" | awk '{ printf "%.0f", $1 * 1024 / 1e6 }'; }

# calculate EXPRESSION [FORMAT]
calculate() { awk "BEGIN { printf \"${2:-%.2f}\", $1 }"; }

# verdict EXPRESSION: whether a goal is met.
verdict() { awk "BEGIN { exit !($1) }" && echo yes || echo NO; }

# row WORK AGAINST GOAL MEASURED MET; without a goal, GOAL and MET are "-".
row() {
    table+=("$1|$2|$3|$4|$5")
    say "$1 | $4 | goal $3 | met: $5"
}

print_table() {
    { echo "work|against|goal|measured|met"; printf '%s\n' "${table[@]}"; } | column -t -s '|'
}

markdown_table() {
    echo "$machine"
    echo
    echo "| work | against | goal | measured | met |"
    echo "|---|---|---|---|---|"
    printf '%s\n' "${table[@]}" | sed -E 's/\|/ | /g; s/^/| /; s/$/ |/'
}

describe_machine() {
    local kubernetes
    kubernetes=$("${kubectl[@]}" version -o json | jq -r .serverVersion.gitVersion)
    printf '%s; %s cores, %s GiB; Linux %s; Kubernetes %s, etcd %s; %s; %s; %s.\n' \
        "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
        "$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)" "$kubernetes" \
        "$(etcd --version | sed -n 's/^etcd Version: //p')" "$("$godwit" version --client-only 2>/dev/null || "$godwit" version)" \
        "$(curl --version | awk 'NR == 1 { print $1, $2 }')" "$(h2load --version | tr -d '\n')"
    printf '%s; load average before %s, after %s; %s runs of each, interleaved; medians' \
        "$(date -u '+%Y-%m-%d %H:%M UTC')" "$load_before" "$(cut -d ' ' -f 1-3 /proc/loadavg)" "$rounds"
    if [[ $scale != 1 ]]; then printf '; sizes x %s' "$scale"; fi
    echo .
}
