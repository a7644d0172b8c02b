# How long the program takes to start. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

measure_start() {
    local milliseconds
    say "start"
    hyperfine --shell=none --warmup 5 --runs 50 --export-json "$work/start.json" "$godwit version" >/dev/null 2>&1
    milliseconds=$(jq '.results[0].median * 1000' "$work/start.json")
    row "start of the program" "godwit version" "< 50 ms" "$(calculate "$milliseconds" %.1f) ms" \
        "$(verdict "$milliseconds < 50")"
}
