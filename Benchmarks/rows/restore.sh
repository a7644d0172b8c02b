# Restoring 10,000 Secrets of 2 KiB into another namespace, against bare POSTs. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

# post LABEL NAMESPACE H2LOAD-OPTION...: POSTs as many Secrets as fast as the server takes them; h2load's own rate goes to
# $work/LABEL.rate. h2load takes headers from its command line only: the token is that of a server of this testbed.
post() {
    local label=$1 namespace=$2 created
    shift 2
    "${kubectl[@]}" create namespace "$namespace" >/dev/null
    h2load -t 1 "$@" -d "$work/secret.json" -H 'content-type: application/json' -H "authorization: Bearer $token" \
        "$server/api/v1/namespaces/$namespace/secrets" >"$work/$label.log"
    created=$(sed -n 's/^status codes: \([0-9]*\) 2xx.*/\1/p' "$work/$label.log")
    # Of 10,000 generated names a few are taken already.
    if ((created < restore_objects - restore_objects / 500 - 1)); then
        cat "$work/$label.log" >&2
        die "the server created $created of $restore_objects Secrets"
    fi
    sed -nE 's|^finished in [^,]*, ([0-9.]+) req/s.*|\1|p' "$work/$label.log" >>"$work/$label.rate"
}

measure_restore() {
    local round source=$namespace_prefix-secrets-000 prefix=$namespace_prefix-target
    restore_objects=$(scaled 10000)
    say "restore: $restore_objects Secrets"
    jq -n --arg text "$(head -c 1536 /dev/urandom | base64 -w 0)" '{apiVersion: "v1", kind: "Secret",
        metadata: {generateName: "object-", labels: {"app.kubernetes.io/part-of": "benchmark"}},
        data: {content: $text}}' >"$work/secret.json"
    if [[ ! -d $work/secrets-store ]]; then populate secrets Secret 0:1 "$restore_objects" 2048; fi
    for ((round = 1; round <= rounds; round++)); do
        post post-h2 "$prefix-h2" -n "$restore_objects" -c 1 -m 32
        remove_namespaces target
        restore restore generated "file://$work/secrets-store" --namespace-mappings "$source:$prefix"
        calculate "$restore_objects / $(tail -n 1 "$work/restore.seconds")" '%.1f\n' >>"$work/restore.rate"
        remove_namespaces target
        post post-h1 "$prefix-h1" -n "$restore_objects" -c 32 -m 1 --h1
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
