# Restoring 10,000 Secrets of 2 KiB into another namespace, against bare POSTs. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

measure_restore() {
    local round source=$namespace_prefix-secrets-000 prefix=$namespace_prefix-target
    restore_objects=$(scaled 10000)
    say "restore: $restore_objects Secrets"
    jq -n --arg text "$(head -c 1536 /dev/urandom | base64 -w 0)" '{apiVersion: "v1", kind: "Secret",
        metadata: {generateName: "object-", labels: {"app.kubernetes.io/part-of": "benchmark"}},
        data: {content: $text}}' >"$work/secret.json"
    if [[ ! -d $work/secrets-store ]]; then populate secrets Secret 0:1 "$restore_objects" 2048; fi
    for ((round = 1; round <= rounds; round++)); do
        post post-h2 "$prefix-h2" secrets "$work/secret.json" -n "$restore_objects" -c 1 -m 32
        remove_namespaces target
        restore restore generated "file://$work/secrets-store" --namespace-mappings "$source:$prefix"
        calculate "$restore_objects / $(tail -n 1 "$work/restore.seconds")" '%.1f\n' >>"$work/restore.rate"
        remove_namespaces target
        post post-h1 "$prefix-h1" secrets "$work/secret.json" -n "$restore_objects" -c 32 -m 1 --h1
        remove_namespaces target
    done
    restore_rows
}

restore_rows() {
    local peer name quotient rate
    rate=$(median restore.rate)
    for peer in h2 h1; do
        case $peer in
            h2) name="h2load, 32 streams of one HTTP/2 connection" ;;
            h1) name="h2load, 32 HTTP/1.1 connections" ;;
        esac
        quotient=$(ratio restore.rate "post-$peer.rate")
        row "restore $restore_objects Secrets of 2 KiB" "$name ($(median post-$peer.rate | sed 's/\..*//')/s)" ">= 0.85 x" \
            "$quotient x (${rate%.*}/s; CPU $(cpu restore) s; $(megabytes restore) MB)" "$(verdict "$quotient >= 0.85")"
    done
}
