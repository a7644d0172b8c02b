# Azure Blob Storage and Google Cloud Storage, emulated with what gives tokens for them. Sourced by scripts/testbed.
# shellcheck shell=bash disable=SC2154

readonly azure_port=33 gcs_port=34

cloud_address() {
    case $1 in
        azure) echo "http://127.0.0.1:$(port $azure_port)" ;;
        gcs) echo "http://127.0.0.1:$(port $gcs_port)" ;;
    esac
}

# start_cloud NAME: keys, certificates and tokens are made anew, and kept in the state directory.
start_cloud() {
    local name=$1 number program
    case $name in
        azure) number=$azure_port program=azure_blobs.py ;;
        gcs) number=$gcs_port program=google_storage.py ;;
    esac
    require_port "$name" "$number"
    mkdir -p "$state/$name"
    PYTHONDONTWRITEBYTECODE=1 spawn "$name" "$clouds_dir/bin/python" "$library/clouds/$program" \
        "$(port "$number")" "$state/$name"
    await "$name" test -f "$state/$name/environment"
}

# cloud_environment NAME: what the emulator says of itself.
cloud_environment() {
    local name value
    while IFS='=' read -r name value; do export_line "$name" "$value"; done <"$state/$1/environment"
    export_line GODWIT_TEST_CLOUDS_PYTHON "$clouds_dir/bin/python"
}
