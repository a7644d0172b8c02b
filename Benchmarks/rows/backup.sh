# Backing up 10,000 Secrets of 2 KiB, against curl and Velero. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

# What was seen of Velero 1.1 without throttle on a machine like this one. It is not run here.
readonly velero_seconds=4.4 velero_megabytes=230

# Writes a curl configuration that fetches each page of a listing into /dev/null, by the server's own continue tokens,
# which are valid for some minutes.
write_drain() {
    local path=$1 next=
    cp "$work/curl.conf" "$work/drain.conf"
    while :; do
        printf 'url = "%s%s?limit=500&continue=%s"\noutput = "/dev/null"\n' "$server" "$path" "$next" >>"$work/drain.conf"
        next=$(api "$path?limit=500&continue=$next" | jq -r '.metadata.continue // empty')
        if [[ -z $next ]]; then break; fi
    done
}

measure_backup() {
    local objects round namespace=$namespace_prefix-secrets-000 file="file://$work/backups"
    mkdir -p "$work/backups"
    objects=$(scaled 10000)
    say "backup: $objects Secrets"
    populate secrets Secret 0:1 "$objects" 2048
    s3_location "bench-$$"
    for ((round = 1; round <= rounds; round++)); do
        write_drain "/api/v1/namespaces/$namespace/secrets"
        timed drain curl --config "$work/drain.conf"
        back_up backup-file "file-$round" "$file" --include-namespaces "$namespace" --include-resources secrets
        back_up backup-s3 "s3-$round" "$s3_url" --include-namespaces "$namespace" --include-resources secrets
        back_up backup-all "all-$round" "$file" --include-namespaces "$namespace"
        "$godwit" backup delete "s3-$round" --storage "$s3_url" --confirm >/dev/null
    done
    backup_rows "$objects"
}

backup_rows() {
    local work_name="back up $1 Secrets of 2 KiB" peer="curl draining the same pages ($(seconds drain) s; $(spread drain.seconds))" label quotient note
    for label in file s3 all; do
        case $label in
            file) note="to files" ;;
            s3) note="to radosgw" ;;
            all) note="all resources of the namespace, to files" ;;
        esac
        quotient=$(ratio "backup-$label.seconds" drain.seconds)
        row "$work_name, $note" "$peer" "<= 1.25 x" \
            "$quotient x ($(seconds backup-$label) s; $(spread backup-$label.seconds); CPU $(cpu backup-$label) s)" \
            "$(verdict "$quotient <= 1.25")"
    done
    quotient=$(calculate "$(seconds backup-file) / $velero_seconds")
    row "the same, to files: time" "Velero 1.1 without throttle, seen: $velero_seconds s" "<= 0.15 x" "$quotient x" \
        "$(verdict "$quotient <= 0.15")"
    quotient=$(calculate "$(megabytes backup-file) / $velero_megabytes")
    row "the same, to files: memory" "Velero 1.1, seen: $velero_megabytes MB" "<= 0.5 x" \
        "$quotient x ($(megabytes backup-file) MB)" "$(verdict "$quotient <= 0.5")"
}
