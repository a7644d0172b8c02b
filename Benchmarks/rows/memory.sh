# Peak memory as the number of objects grows: 20,000, 66,000 and 132,000 of 20 KB. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

readonly megabyte_limit=150

# back_up_all LABEL: five backups of all that is there so far.
back_up_all() {
    local round
    for ((round = 1; round <= rounds; round++)); do
        mkdir "$work/memory"
        back_up "$1" b "file://$work/memory" --include-namespaces "$namespace_prefix-memory-*"
        rm -rf "$work/memory"
    done
}

measure_memory() {
    local objects
    objects=$(scaled 1000)
    say "memory: $((20 * objects)), $((66 * objects)), $((132 * objects)) ConfigMaps"
    populate part-1 ConfigMap 0:20 "$objects" 19600 memory
    rm -rf "$work/part-1-store"
    back_up_all backup-20
    populate part-2 ConfigMap 20:66 "$objects" 19600 memory
    rm -rf "$work/part-2-store"
    back_up_all backup-66
    populate part-3 ConfigMap 66:132 "$objects" 19600 memory
    rm -rf "$work/part-3-store"
    back_up_all backup-132
    remove_namespaces memory
    memory_rows "$objects"
}

memory_rows() {
    local few=$((20 * $1)) many=$((66 * $1)) twice=$((132 * $1)) quotient
    row "back up $many items of 20 KB ($(seconds backup-66) s)" "Velero: over 2 GB" "<= $megabyte_limit MB" \
        "$(megabytes backup-66) MB" "$(verdict "$(megabytes backup-66) <= $megabyte_limit")"
    quotient=$(calculate "$(megabytes backup-132) / $(megabytes backup-66)")
    row "back up $twice items" "$many items" "no more: <= 1.05 x" "$quotient x ($(megabytes backup-132) MB)" \
        "$(verdict "$quotient <= 1.05")"
    quotient=$(calculate "$(megabytes backup-66) / $(megabytes backup-20)")
    row "memory of a backup, $many items" "$few items ($(megabytes backup-20) MB)" "<= 1.2 x" "$quotient x" \
        "$(verdict "$quotient <= 1.2")"
    quotient=$(calculate "$(megabytes part-3-restored) / $(megabytes part-1-restored)")
    row "memory of a restore, $many items (one run)" "$few items ($(megabytes part-1-restored) MB)" "<= 1.2 x" \
        "$quotient x ($(megabytes part-3-restored) MB)" "$(verdict "$quotient <= 1.2")"
    quotient=$(calculate "$(megabytes part-3-generated) / $(megabytes part-1-generated)")
    row "memory of a backup of manifests, $many files (one run)" "$few files ($(megabytes part-1-generated) MB)" \
        "<= 1.2 x" "$quotient x ($(megabytes part-3-generated) MB)" "$(verdict "$quotient <= 1.2")"
}
