# Backing up and restoring the data of volumes, against restic and tar. Sourced by Benchmarks/run.
# shellcheck shell=bash disable=SC2154

# Both encrypt: restic always does.
export RESTIC_PASSWORD=bench GODWIT_REPOSITORY_PASSWORD=bench

# volume_godwit LABEL STORAGE DIR, volume_restic LABEL REPOSITORY DIR: a backup of the directory.
volume_godwit() { timed "$1" "$godwit" volume backup "$3" --as bench/data --storage "$2"; }
volume_restic() { timed "$1" restic --quiet --cache-dir "$work/restic-cache" -r "$2" backup "$3"; }

stored_bytes() { du -s -B1 --apparent-size "$1" | cut -f 1; }

# compare WORK LABEL GOAL-OF-TIME (or -): a row of godwit's time against restic's, with CPU and memory.
compare() {
    local quotient
    quotient=$(ratio "godwit-$2.seconds" "restic-$2.seconds")
    row "$1" "restic $restic_version ($(seconds "restic-$2") s; CPU $(cpu "restic-$2") s; $(megabytes "restic-$2") MB)" \
        "$(if [[ $3 == - ]]; then echo -; else echo "<= $3 x"; fi)" \
        "$quotient x ($(seconds "godwit-$2") s; CPU $(cpu "godwit-$2") s; $(megabytes "godwit-$2") MB)" \
        "$(if [[ $3 == - ]]; then echo -; else verdict "$quotient <= $3"; fi)"
}

# compare_memory WORK LABEL GOAL
compare_memory() {
    local quotient
    quotient=$(ratio "godwit-$2.rss" "restic-$2.rss")
    row "$1: peak RSS" "restic $restic_version ($(megabytes "restic-$2") MB)" "<= $3 x" \
        "$quotient x ($(megabytes "godwit-$2") MB)" "$(verdict "$quotient <= $3")"
}

measure_volumes() {
    local round bytes tree=$work/tree quotient
    restic_version=$(restic version | cut -d ' ' -f 2)
    bytes=$(scaled 1500000000)
    say "volumes: a tree of $bytes bytes"
    python3 "$benchmarks/tree.py" mixed "$tree" "$bytes"
    mkdir -p "$work/restored"
    for ((round = 1; round <= rounds; round++)); do
        volume_round "$tree"
    done
    local files stored
    files=$(find "$tree" -type f | wc -l)
    stored="first backup of a volume of $((bytes / 1000000)) MB, $files files"
    compare "$stored" first 0.2
    compare_memory "$stored" first 0.6
    quotient=$(ratio godwit-first.stored restic-first.stored)
    row "the same: bytes stored" "restic ($(median restic-first.stored))" "<= 0.9 x" \
        "$quotient x ($(median godwit-first.stored))" "$(verdict "$quotient <= 0.9")"
    quotient=$(ratio godwit-first.seconds tar-first.seconds)
    row "the same" "tar piped into zstd -3 -T0 ($(seconds tar-first) s)" "<= 1.5 x" "$quotient x" \
        "$(verdict "$quotient <= 1.5")"
    compare "unchanged volume again" again 0.25
    compare "1 % of the files changed" changed -
    compare "restore of the volume" restore 0.3
    rm -rf "$tree" "$work/restored"
}

# One round: everything once by each side, on new repositories.
volume_round() {
    local tree=$1 restic=$work/restic-repository godwit_storage=$work/godwit-storage
    rm -rf "$restic" "$godwit_storage" "$work/restic-cache"
    mkdir -p "$godwit_storage"
    restic --quiet --cache-dir "$work/restic-cache" -r "$restic" init
    timed tar-first bash -c "tar -C '$tree' -cf - . | zstd -3 -T0 -q >'$work/tree.tar.zst'"
    rm -f "$work/tree.tar.zst"
    volume_restic restic-first "$restic" "$tree"
    volume_godwit godwit-first "file://$godwit_storage" "$tree"
    stored_bytes "$restic" >>"$work/restic-first.stored"
    stored_bytes "$godwit_storage" >>"$work/godwit-first.stored"
    volume_restic restic-again "$restic" "$tree"
    volume_godwit godwit-again "file://$godwit_storage" "$tree"
    python3 "$benchmarks/tree.py" change "$tree" 1
    volume_restic restic-changed "$restic" "$tree"
    volume_godwit godwit-changed "file://$godwit_storage" "$tree"
    # What is restored stays until the end: ext4 looks long for a free inode where many were freed a moment ago.
    timed restic-restore restic --quiet --cache-dir "$work/restic-cache" -r "$restic" restore latest \
        --target "$work/restored/restic-$round"
    timed godwit-restore "$godwit" volume restore latest --as bench/data --to "$work/restored/godwit-$round" \
        --storage "file://$godwit_storage"
    diff -r "$tree" "$work/restored/godwit-$round" >&2
}

measure_packed() {
    local round bytes tree=$work/packed
    restic_version=$(restic version | cut -d ' ' -f 2)
    bytes=$(scaled 640000000)
    python3 "$benchmarks/tree.py" packed "$tree" "$bytes"
    for ((round = 1; round <= rounds; round++)); do
        rm -rf "$work/restic-repository" "$work/godwit-storage" "$work/restic-cache"
        mkdir -p "$work/godwit-storage"
        restic --quiet --cache-dir "$work/restic-cache" -r "$work/restic-repository" init
        volume_restic restic-packed "$work/restic-repository" "$tree"
        volume_godwit godwit-packed "file://$work/godwit-storage" "$tree"
    done
    compare "first backup of $((bytes / 1000000)) MB of compressed data" packed -
    rm -rf "$tree" "$work/restic-repository" "$work/godwit-storage"
}

measure_small() {
    local files tree=$work/small megabytes
    restic_version=$(restic version | cut -d ' ' -f 2)
    files=$(scaled 1000000)
    say "small: $files files"
    python3 "$benchmarks/tree.py" small "$tree" "$files"
    rm -rf "$work/restic-repository" "$work/godwit-storage" "$work/restic-cache"
    mkdir -p "$work/godwit-storage"
    restic --quiet --cache-dir "$work/restic-cache" -r "$work/restic-repository" init
    # Once: restic takes minutes. Godwit goes first, so that it is not the one that finds the file system's cache warm.
    volume_godwit godwit-small "file://$work/godwit-storage" "$tree"
    volume_restic restic-small "$work/restic-repository" "$tree"
    compare "a million small files (x $scale, one run)" small 0.2
    megabytes=$(megabytes godwit-small)
    row "the same: peak RSS" "-" "<= 150 MB" "$megabytes MB" "$(verdict "$megabytes <= 150")"
    rm -rf "$tree" "$work/restic-repository" "$work/godwit-storage"
}
