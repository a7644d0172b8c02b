# Reading one namespace of fifty out of a backup: bytes, not seconds. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

# bytes_read FOLDER TRACE...: bytes that calls in traces of strace -y read from files below a folder.
bytes_read() {
    local folder=$1
    shift
    cat "$@" | awk -v folder="<$folder/" '
        index($0, folder) && /^(read|pread64|readv|preadv|preadv2)\(/ && $NF ~ /^[0-9]+$/ { bytes += $NF }
        index($0, folder) && /^(mmap|sendfile|copy_file_range|splice)/ { print "not counted: " $0 > "/dev/stderr"; exit 1 }
        END { printf "%d\n", bytes }'
}

measure_selection() {
    local objects store=$work/selection total bytes quotient
    objects=$(scaled 400)
    mkdir "$store"
    say "selection: 50 namespaces of $objects Secrets"
    "$benchmarks/generate.py" "$work/manifests" --kind Secret --prefix "$namespace_prefix-selection" --namespaces 0:50 \
        --objects "$objects" --bytes 4096
    timed selection-backup "$godwit" backup create big --cluster "dir:$work/manifests" --storage "file://$store"
    mkdir "$work/traces" "$work/restored"
    timed selection-restore strace -ff -y -o "$work/traces/t" \
        -e trace=read,pread64,readv,preadv,preadv2,mmap,sendfile,copy_file_range,splice \
        "$godwit" restore create --from-backup big --storage "file://$store" --cluster "dir:$work/restored" \
        --include-namespaces "$namespace_prefix-selection-007"
    restored=$(find "$work/restored" -type f | xargs grep -l '"Secret"\|kind: Secret' | wc -l)
    if ((restored != objects)); then die "restored $restored of $objects Secrets"; fi
    total=$(stat -c %s "$store/backups/big/big.tar.zst")
    bytes=$(bytes_read "$store" "$work"/traces/t*)
    rm -rf "$work/manifests" "$work/restored"
    quotient=$(calculate "100 * $bytes / $total")
    row "select one namespace of 50 ($((50 * objects)) Secrets of 4 KiB)" "the whole tarball ($total bytes)" "<= 5 %" \
        "$quotient % ($bytes bytes)" "$(verdict "$quotient <= 5")"
}
