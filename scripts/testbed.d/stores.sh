# The object stores: Ceph's radosgw (S3, the real thing) and moto (S3 and more of AWS). Sourced by scripts/testbed.
# shellcheck shell=bash disable=SC2154

readonly radosgw_port=30 ceph_monitor_port=31 ceph_first_port=40 ceph_last_port=69 moto_port=32
readonly bucket=godwit-test lock_bucket=godwit-test-lock

# store_processes NAME: in the order in which they are ended.
store_processes() {
    case $1 in
        radosgw) echo radosgw ceph-osd ceph-mon ;;
        moto) echo moto ;;
    esac
}

store_address() {
    case $1 in
        radosgw) echo "http://127.0.0.1:$(port $radosgw_port)" ;;
        moto) echo "http://127.0.0.1:$(port $moto_port)" ;;
    esac
}

# keep_credentials STORE ACCESS-KEY SECRET-KEY: for "env", and for curl: a command line is for all to see.
keep_credentials() {
    local directory=$state/$1
    {
        printf 'aws-sigv4 = "aws:amz:us-east-1:s3"\n'
        printf 'user = "%s:%s"\n' "$2" "$3"
    } >"$directory/curl.conf"
    printf '%s\n%s\n' "$2" "$3" >"$directory/credentials"
}

access_key() { sed -n 1p "$state/$1/credentials"; }

secret_key() { sed -n 2p "$state/$1/credentials"; }

# s3_request STORE PATH [CURL-OPTION...]: a signed request. Curl leaves out the header of S3's that names the
# checksum of the (empty) body.
s3_request() {
    local store=$1 path=$2
    shift 2
    curl --silent --show-error --fail --max-time 20 --config "$state/$store/curl.conf" \
        --header "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" \
        "$@" "$(store_address "$store")$path"
}

make_buckets() {
    local store=$1
    s3_request "$store" "/$bucket" --head --output /dev/null 2>/dev/null ||
        s3_request "$store" "/$bucket" --request PUT
    s3_request "$store" "/$lock_bucket" --head --output /dev/null 2>/dev/null ||
        s3_request "$store" "/$lock_bucket" --request PUT --header "x-amz-bucket-object-lock-enabled: true"
}

start_moto() {
    require_port moto $moto_port
    mkdir -p "$state/moto" "$data/moto"
    # It takes any keys.
    if [[ ! -f $state/moto/credentials ]]; then
        keep_credentials moto "GODWIT$(openssl rand -hex 7 | tr a-f A-F)" "$(openssl rand -hex 20)"
    fi
    TMPDIR=$data/moto spawn moto "$moto_dir/bin/python" -m moto.server --host 127.0.0.1 --port "$(port $moto_port)"
    await moto curl --silent --fail --max-time 5 --output /dev/null "$(store_address moto)/moto-api/data.json"
    make_buckets moto
}

# One monitor, one object store daemon that holds its data in memory, and the gateway.
start_radosgw() {
    require_programs ceph ceph-authtool ceph-mon ceph-osd monmaptool radosgw radosgw-admin jq uuidgen
    require_port radosgw $radosgw_port
    require_port ceph-mon $ceph_monitor_port
    export CEPH_CONF=$state/radosgw/ceph.conf
    local user=()
    if ((EUID == 0)); then user=(--setuser root --setgroup root); fi
    make_ceph_configuration
    make_ceph_monitor
    spawn ceph-mon ceph-mon --foreground --id a "${user[@]}"
    make_ceph_osd
    spawn ceph-osd ceph-osd --foreground --id 0 "${user[@]}"
    make_radosgw_user
    spawn radosgw radosgw --foreground --name client.rgw "${user[@]}"
    await radosgw curl --silent --max-time 5 --output /dev/null "$(store_address radosgw)"
    make_buckets radosgw
}

make_ceph_configuration() {
    local directory=$state/radosgw
    if [[ -f $CEPH_CONF ]]; then return; fi
    mkdir -p "$directory/run" "$data/ceph/mon" "$data/ceph/osd" "$data/ceph/rgw"
    cat >"$CEPH_CONF.part" <<CONF
[global]
fsid = $(uuidgen)
mon host = v2:127.0.0.1:$(port $ceph_monitor_port)
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind port min = $(port $ceph_first_port)
ms bind port max = $(port $ceph_last_port)
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $directory/keyring
run dir = $directory/run
admin socket = $directory/run/\$name.sock
log to stderr = true
err to stderr = true
log file =
mon cluster log file =
debug mon = 0
debug paxos = 0
debug osd = 0
debug rocksdb = 0
debug rgw = 0
mon data = $data/ceph/mon
osd data = $data/ceph/osd
rgw data = $data/ceph/rgw
osd objectstore = memstore
memstore device bytes = $((8 << 30))
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon allow pool size one = true
mon allow pool delete = true
mon osd report timeout = 86400
# Each new pool waits for several rounds of these.
paxos propose interval = 0.05
paxos min wait = 0.01

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$(port $radosgw_port)
rgw thread pool size = 64
rgw enable ops log = false
rgw enable usage log = false
rgw dynamic resharding = false
rgw crypt require ssl = false
# Space of deleted objects comes back after a minute, not two hours: it is memory.
rgw gc obj min wait = 60
rgw gc processor period = 60
rgw gc processor max time = 60
CONF
    mv "$CEPH_CONF.part" "$CEPH_CONF"
}

make_ceph_monitor() {
    local directory=$state/radosgw
    if [[ -f $data/ceph/mon/complete ]]; then return; fi
    (
        rm -rf "$data/ceph/mon" "$directory/keyring" "$directory/monmap"
        mkdir "$data/ceph/mon"
        ceph-authtool --create-keyring "$directory/keyring" --gen-key --name mon. --cap mon 'allow *'
        ceph-authtool "$directory/keyring" --gen-key --name client.admin \
            --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
        ceph-authtool "$directory/keyring" --gen-key --name client.rgw --cap mon 'allow rw' --cap osd 'allow rwx'
        ceph-authtool "$directory/keyring" --gen-key --name osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
        monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$CEPH_CONF")" \
            --addv a "[v2:127.0.0.1:$(port $ceph_monitor_port)]" "$directory/monmap"
        # The monitor takes all keys over, so that no "ceph auth import" is needed.
        ceph-mon --mkfs --id a --monmap "$directory/monmap" --keyring "$directory/keyring" "${user[@]}"
        touch "$data/ceph/mon/complete"
    ) >>"$state/logs/ceph-make.log" 2>&1
}

make_ceph_osd() {
    local identity
    if [[ -f $data/ceph/osd/complete ]]; then return; fi
    identity=$(uuidgen)
    await ceph-mon timeout 10 ceph osd new "$identity" 0
    ceph-osd --mkfs --id 0 --osd-uuid "$identity" "${user[@]}" >>"$state/logs/ceph-make.log" 2>&1
    touch "$data/ceph/osd/complete"
}

make_radosgw_user() {
    local directory=$state/radosgw
    if [[ -f $directory/credentials ]]; then return; fi
    if ! timeout 60 radosgw-admin --name client.rgw user create --uid godwit --display-name "Godwit's tests" \
        >"$directory/user.json" 2>>"$state/logs/ceph-make.log"; then
        say "radosgw-admin failed; the last lines of ceph-make.log, ceph-mon.log and ceph-osd.log in $state/logs:"
        tail -q -n 8 "$state"/logs/ceph-{make,mon,osd}.log >&2
        return 1
    fi
    keep_credentials radosgw "$(jq -r '.keys[0].access_key' "$directory/user.json")" \
        "$(jq -r '.keys[0].secret_key' "$directory/user.json")"
}
