# Peak memory as the number of objects grows. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

readonly megabyte_limit=150

# back_up_all LABEL TIMES: backups of all that is there so far. Leaves the last one in $work/memory.
back_up_all() {
    local round
    for ((round = 1; round <= $2; round++)); do
        rm -rf "$work/memory"
        mkdir "$work/memory"
        back_up "$1" b "file://$work/memory" --include-namespaces "$namespace_prefix-memory-*"
    done
}

# restore_to_files LABEL: restores the last backup into a directory.
restore_to_files() {
    mkdir "$work/restored"
    timed "$1" "$godwit" restore create --from-backup b --storage "file://$work/memory" --cluster "dir:$work/restored"
    rm -rf "$work/restored"
}

# The number is doubled with small items: the API server and its controllers keep every byte of them in memory.
add_small_items() {
    local number count
    count=$(scaled 22000)
    restore_objects=$count
    jq -n --arg text "$(head -c 768 /dev/urandom | base64 -w 0)" '{apiVersion: "v1", kind: "ConfigMap",
        metadata: {generateName: "object-"}, data: {content: $text}}' >"$work/small.json"
    for number in 900 901 902; do
        post small "$namespace_prefix-memory-$number" configmaps "$work/small.json" -n "$count" -c 1 -m 32
    done
}

measure_memory() {
    local objects few_rounds=$((rounds < 3 ? rounds : 3))
    objects=$(scaled 1000)
    say "memory: $((20 * objects)), $((66 * objects)), $((132 * objects)) ConfigMaps"
    populate part-1 ConfigMap 0:20 "$objects" 19600 memory
    rm -rf "$work/part-1-store"
    back_up_all backup-20 "$few_rounds"
    restore_to_files files-20
    populate part-2 ConfigMap 20:66 "$objects" 19600 memory
    rm -rf "$work/part-2-store"
    back_up_all backup-66 "$rounds"
    restore_to_files files-66
    remove_namespaces memory
    restore cluster-66 b "file://$work/memory"
    add_small_items
    back_up_all backup-132 "$few_rounds"
    remove_namespaces memory
    memory_rows "$objects"
}

# same_memory WORK LABEL OTHER-LABEL OTHER: a row that compares the peaks of two sizes.
same_memory() {
    local quotient
    quotient=$(calculate "$(megabytes "$2") / $(megabytes "$3")")
    row "$1" "$4 ($(megabytes "$3") MB)" "<= 1.2 x" "$quotient x ($(megabytes "$2") MB)" "$(verdict "$quotient <= 1.2")"
}

memory_rows() {
    local few=$((20 * $1)) some=$((46 * $1)) many=$((66 * $1)) twice=$((132 * $1)) highest
    highest=$(sort -n "$work/backup-66.rss" | awk 'END { printf "%.0f", $1 * 1024 / 1e6 }')
    row "back up $many items of 20 KB ($(seconds backup-66) s, CPU $(cpu backup-66) s)" "Velero: over 2 GB" \
        "<= $megabyte_limit MB" "$(megabytes backup-66) MB (at most $highest)" "$(verdict "$highest <= $megabyte_limit")"
    same_memory "back up $twice items, half of them of 1 KB" backup-132 backup-66 "$many items"
    same_memory "back up $many items" backup-66 backup-20 "$few items"
    same_memory "restore $many items into the cluster, one run" cluster-66 part-1-restored "$few items"
    same_memory "restore $many items into a directory, one run" files-66 files-20 "$few items"
    same_memory "back up $some manifests, one run" part-2-generated part-1-generated "$few files"
}
