# What an item action costs that is a program: a call, and a backup of 10,000 ConfigMaps with and without it. Sourced by
# Benchmarks/run.
# shellcheck shell=bash disable=SC2154

measure_plugins() {
    local objects round built namespace=$namespace_prefix-plugins-000 file="file://$work/plugin-backups" costs quotient
    built=$(dirname "$godwit")
    for program in plugin-calls sample-quieten; do
        if [[ ! -x $built/$program ]]; then die "$built/$program is missing: make bench builds it"; fi
    done
    mkdir -p "$work/plugins" "$work/no-plugins" "$work/plugin-backups"
    cp "$built/sample-quieten" "$work/plugins/"
    for ((round = 1; round <= rounds; round++)); do "$built/plugin-calls" >>"$work/calls.json"; done
    cost() { jq ".$1" "$work/calls.json" >"$work/$1.cost" && median "$1.cost" | awk '{ printf "%.0f", $1 }'; }
    costs="in process $(cost inProcess) µs, out of process $(cost outOfProcess) µs, many at once $(cost outOfProcessTogether) µs"
    row "a call of an item action, item of 2 KiB" "-" "-" "$costs" "-"

    objects=$(scaled 10000)
    say "plugins: $objects ConfigMaps"
    populate plugins ConfigMap 0:1 "$objects" 2048
    for ((round = 1; round <= rounds; round++)); do
        back_up plugins-without "without-$round" "$file" --include-namespaces "$namespace" \
            --include-resources configmaps --plugin-dir "$work/no-plugins"
        back_up plugins-with "with-$round" "$file" --include-namespaces "$namespace" --include-resources configmaps \
            --plugin-dir "$work/plugins"
    done
    quotient=$(ratio plugins-with.seconds plugins-without.seconds)
    row "back up $objects ConfigMaps of 2 KiB through an item action that is a program" \
        "without it ($(seconds plugins-without) s; $(spread plugins-without.seconds))" "<= 1.5 x" \
        "$quotient x ($(seconds plugins-with) s; $(spread plugins-with.seconds); CPU $(cpu plugins-with) s)" \
        "$(verdict "$quotient <= 1.5")"
}
