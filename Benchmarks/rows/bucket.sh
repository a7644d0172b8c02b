# The data of volumes in a bucket instead of a directory, against restic. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

# Sets restic_url and s3_url to places below a prefix of the bucket, at radosgw or at another endpoint.
bucket_places() {
    s3_location "$1" "${2:-}"
    restic_url="s3:${2:-$GODWIT_TEST_RADOSGW_ENDPOINT}/$GODWIT_TEST_RADOSGW_BUCKET/$1-restic"
}

measure_bucket() {
    local round bytes tree=$work/bucket-tree prefix
    restic_version=$(restic version | cut -d ' ' -f 2)
    bytes=$(scaled 600000000)
    say "bucket: a tree of $bytes bytes"
    python3 "$benchmarks/tree.py" mixed "$tree" "$bytes"
    mkdir -p "$work/fetched"
    for ((round = 1; round <= rounds; round++)); do
        rm -rf "$work/restic-cache"
        prefix="bench-volumes-$$-$round"
        bucket_places "$prefix"
        restic --quiet --cache-dir "$work/restic-cache" -r "$restic_url" init
        volume_restic restic-bucket-first "$restic_url" "$tree"
        volume_godwit godwit-bucket-first "$s3_url" "$tree"
        volume_restic restic-bucket-again "$restic_url" "$tree"
        volume_godwit godwit-bucket-again "$s3_url" "$tree"
        timed restic-bucket-restore restic --quiet --cache-dir "$work/restic-cache" -r "$restic_url" restore latest \
            --target "$work/fetched/restic-$round"
        timed godwit-bucket-restore "$godwit" volume restore latest --as bench/data --to "$work/fetched/godwit-$round" \
            --storage "$s3_url"
        diff -r "$tree" "$work/fetched/godwit-$round" >&2
    done
    compare "to radosgw: first backup of $((bytes / 1000000)) MB" bucket-first 0.2
    compare "to radosgw: unchanged volume again" bucket-again 0.25
    compare "from radosgw: restore" bucket-restore 0.3
    measure_requests "$tree"
    rm -rf "$tree" "$work/fetched"
}

# What each side asks of the store for a first backup, an unchanged one and a restore: once, through a proxy that counts.
measure_requests() {
    local tree=$1 proxy endpoint verb side
    rm -rf "$work/restic-cache"
    for side in restic godwit; do
        python3 "$benchmarks/count-requests.py" "$GODWIT_TEST_RADOSGW_ENDPOINT" "$work/requests" >"$work/proxy" &
        proxy=$!
        until [[ -s $work/proxy ]]; do sleep 0.1; done
        endpoint=$(<"$work/proxy")
        bucket_places "bench-requests-$$" "$endpoint"
        for verb in first again restore; do requests_of "$side" "$verb" "$tree"; done
        kill "$proxy"
        wait "$proxy" 2>/dev/null || true
        rm -f "$work/proxy" "$work/requests"
    done
    for verb in first again restore; do
        row "requests to the store: $verb" "restic $restic_version ($(<"$work/requests-restic-$verb"))" "-" \
            "$(<"$work/requests-godwit-$verb")" "-"
    done
}

# requests_of SIDE VERB TREE: counts up to and with this verb, less those of the verbs before.
requests_of() {
    local side=$1 verb=$2 tree=$3 before=${work}/requests-before
    if [[ $verb == first && $side == restic ]]; then
        restic --quiet --cache-dir "$work/restic-cache" -r "$restic_url" init
    fi
    cp "$work/requests" "$before" 2>/dev/null || : >"$before"
    case $side-$verb in
        restic-restore)
            restic --quiet --cache-dir "$work/restic-cache" -r "$restic_url" restore latest \
                --target "$work/fetched/restic-requests"
            ;;
        godwit-restore)
            "$godwit" volume restore latest --as bench/data --to "$work/fetched/godwit-requests" --storage "$s3_url" \
                >/dev/null 2>&1
            ;;
        restic-*) restic --quiet --cache-dir "$work/restic-cache" -r "$restic_url" backup "$tree" ;;
        godwit-*) "$godwit" volume backup "$tree" --as bench/data --storage "$s3_url" >/dev/null 2>&1 ;;
    esac
    cat "$before" <(echo) "$work/requests" | awk -F ', ' '
        { for (i = 1; i <= NF; i++) if (split($i, part, " ") == 2) { count[part[1]] = part[2] - seen[part[1]]; seen[part[1]] = part[2] } }
        END { for (method in count) if (count[method] > 0) print method, count[method] }' | sort | paste -sd, | sed 's/,/, /g' \
        >"$work/requests-$side-$verb"
}
