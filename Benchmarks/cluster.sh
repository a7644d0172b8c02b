# The API server that is measured against: addresses, namespaces, bodies. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

readonly kubeconfig=${GODWIT_TEST_SOURCE_KUBECONFIG:?run this by make bench, or scripts/with-testbed}
readonly kubectl=("${GODWIT_TEST_KUBECTL:?}" --kubeconfig "$kubeconfig")
readonly namespace_prefix=godwit-bench

cluster_value() { "${kubectl[@]}" config view --raw --minify -o "jsonpath={$1}"; }

prepare_cluster() {
    server=$(cluster_value '.clusters[0].cluster.server')
    token=$(cluster_value '.users[0].user.token')
    cluster_value '.clusters[0].cluster.certificate-authority-data' | base64 -d >"$work/ca.crt"
    # The API server indents what it sends to user agents that begin with curl: twice the bytes, and slower.
    printf '%s\n' "header = \"Authorization: Bearer $token\"" "cacert = \"$work/ca.crt\"" 'user-agent = "bench"' \
        silent fail >"$work/curl.conf"
    readonly server token
}

# api PATH [CURL-OPTION...]
api() {
    local path=$1
    shift
    curl --config "$work/curl.conf" "$@" "$server$path"
}

bench_namespaces() { "${kubectl[@]}" get namespaces -o name | sed -n "s|^namespace/\($namespace_prefix-$1.*\)|\1|p"; }

# remove_namespaces PREFIX: and waits until they are gone, since a deletion keeps the server busy. One by one, as the server
# does it, 10,000 objects take half a minute; where etcd can be reached they go by one request.
remove_namespaces() {
    local names name resource
    mapfile -t names < <(bench_namespaces "$1")
    if ((${#names[@]} == 0)); then return; fi
    if [[ -n ${GODWIT_TEST_SOURCE_ETCD:-} ]] && command -v etcdctl >/dev/null; then
        for name in "${names[@]}"; do
            for resource in secrets configmaps; do
                ETCDCTL_API=3 etcdctl --endpoints "$GODWIT_TEST_SOURCE_ETCD" del --prefix "/registry/$resource/$name/" >/dev/null
            done
        done
    fi
    "${kubectl[@]}" delete namespace "${names[@]}" --wait --timeout=15m >/dev/null
}

# s3_location PREFIX [ENDPOINT]: exports the credentials too.
s3_location() {
    export AWS_ACCESS_KEY_ID=$GODWIT_TEST_RADOSGW_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$GODWIT_TEST_RADOSGW_SECRET_KEY
    local endpoint=${2:-$GODWIT_TEST_RADOSGW_ENDPOINT} region=$GODWIT_TEST_RADOSGW_REGION
    s3_url="s3://$GODWIT_TEST_RADOSGW_BUCKET/$1?endpoint=$endpoint&region=$region&path-style=true"
}

# back_up LABEL NAME STORAGE OPTION...: a timed backup of the cluster.
back_up() {
    local label=$1 name=$2 storage=$3
    shift 3
    timed "$label" "$godwit" backup create "$name" --kubeconfig "$kubeconfig" --storage "$storage" "$@"
}

# restore LABEL BACKUP STORAGE OPTION...: a timed restore into the cluster.
restore() {
    local label=$1 backup=$2 storage=$3
    shift 3
    timed "$label" "$godwit" restore create --from-backup "$backup" --kubeconfig "$kubeconfig" --storage "$storage" "$@"
}

# populate PART KIND FIRST:END OBJECTS BYTES: makes namespaces PREFIX-PART-NNN by backing up generated manifests and
# restoring them, and leaves the store in $work/PART-store. Timed as PART-generated and PART-restored.
populate() {
    local part=$1 kind=$2 range=$3 objects=$4 bytes=$5 prefix=${6:-$1}
    mkdir "$work/$part-store"
    "$benchmarks/generate.py" "$work/$part-manifests" --kind "$kind" --prefix "$namespace_prefix-$prefix" \
        --namespaces "$range" --objects "$objects" --bytes "$bytes"
    timed "$part-generated" "$godwit" backup create generated --cluster "dir:$work/$part-manifests" \
        --storage "file://$work/$part-store"
    rm -rf "$work/$part-manifests"
    restore "$part-restored" generated "file://$work/$part-store"
}

# post LABEL NAMESPACE RESOURCE BODY H2LOAD-OPTION...: makes a namespace and POSTs a file $restore_objects times, as fast as
# the server takes it; h2load's own rate goes to $work/LABEL.rate. h2load takes headers from its command line only: the
# token is that of a server of this testbed.
post() {
    local label=$1 namespace=$2 resource=$3 body=$4 created
    shift 4
    "${kubectl[@]}" create namespace "$namespace" >/dev/null
    h2load -t 1 "$@" -d "$body" -H 'content-type: application/json' -H "authorization: Bearer $token" \
        "$server/api/v1/namespaces/$namespace/$resource" >"$work/$label.log"
    created=$(sed -n 's/^status codes: \([0-9]*\) 2xx.*/\1/p' "$work/$label.log")
    # Of many generated names a few are taken already, which the server says with a 500.
    if ((created < restore_objects - restore_objects / 200 - 1)); then
        cat "$work/$label.log" >&2
        die "the server created $created of $restore_objects $resource"
    fi
    sed -nE 's|^finished in [^,]*, ([0-9.]+) req/s.*|\1|p' "$work/$label.log" >>"$work/$label.rate"
}
