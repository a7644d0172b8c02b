# Builds what Debian has only as source, and Python programs, into the cache. Sourced by scripts/testbed.
#
# A finished thing is a directory $cache/<name>-<version>-<recipe>. It is made in $cache/.building.* and renamed
# when complete, so what has a final name is whole, whatever was killed. The recipe number goes up when the way
# a thing is built changes.
# shellcheck shell=bash disable=SC2154

readonly kubernetes_version=1.20.2
readonly kubernetes_dir=$cache/kubernetes-$kubernetes_version-1
readonly kubernetes_node_dir=$cache/kubernetes-node-$kubernetes_version-1
readonly moto_version=5.2.1
readonly moto_dir=$cache/moto-$moto_version-2
readonly clouds_dir=$cache/clouds-1

# Builds what the components in "$@" need and the cache lacks.
build() {
    local component
    mkdir -p "$cache"
    for component in "$@"; do
        case $component in
            source | destination) build_once "$kubernetes_dir" build_kubernetes ;;
            node)
                build_once "$kubernetes_dir" build_kubernetes
                build_once "$kubernetes_node_dir" build_kubernetes_node
                ;;
            moto) build_once "$moto_dir" build_moto ;;
            azure | gcs) build_once "$clouds_dir" build_clouds ;;
            radosgw) ;; # all of it comes from Debian's packages
        esac
    done
    discard_building
}

# build_once DIR FUNCTION: unless DIR is there, runs FUNCTION in a scratch directory and renames its "out" to DIR.
# The subshell holds the lock and does the renaming: should only this script be killed, the work is not lost.
build_once() {
    local target=$1 recipe=$2 log=$cache/${1##*/}.log status
    if [[ -d $target ]]; then return; fi
    exec 8>"$cache/.lock"
    if ! flock -n 8; then
        say "another build is running; waiting for it"
        flock 8
    fi
    if [[ ! -d $target ]]; then
        if [[ -z ${scratch:-} ]]; then
            rm -rf "$cache"/.building.* # left by killed builds: nobody else holds the lock
            scratch=$(mktemp -d "$cache/.building.XXXXXX")
        fi
        say "building ${target##*/} (once; log: $log)"
        set +e # a subshell in a condition would ignore its own "set -e"
        (
            set -e
            cd "$scratch"
            rm -rf out
            mkdir out
            "$recipe"
            mv -T out "$target"
        ) >"$log" 2>&1
        status=$?
        set -e
        if ((status)); then
            tail -n 25 "$log" >&2
            discard_building
            die "the build of ${target##*/} failed: see $log. If programs are missing: scripts/bootstrap testbed"
        fi
    fi
    exec 8>&-
}

# Removes the scratch directory. It lives until all is built, because two recipes share a source tree.
discard_building() {
    if [[ -n ${scratch:-} ]]; then rm -rf "$scratch"; fi
    scratch=
}

# Unpacks Kubernetes as Go wants it before modules: $scratch/go/src/k8s.io/kubernetes.
unpack_kubernetes() {
    local tree=go/src/k8s.io/kubernetes tarballs reflect2=github.com/modern-go/reflect2
    if [[ -d $tree ]]; then return; fi
    apt-get -q source --download-only kubernetes
    tarballs=(kubernetes_*"$kubernetes_version".orig.tar.*)
    if [[ ! -f ${tarballs[0]} ]]; then
        echo "apt's kubernetes source package is not version $kubernetes_version"
        return 1
    fi
    mkdir -p $tree.part
    tar -xf "${tarballs[0]}" -C $tree.part --strip-components=1
    # The vendored reflect2 1.0.1 does not know the maps of Go 1.18 and later: the API server dies with a
    # segmentation fault on the first custom resource. Debian's 1.0.2 does.
    rm -rf "$tree.part/vendor/$reflect2"
    cp -r "/usr/share/gocode/src/$reflect2" "$tree.part/vendor/$reflect2"
    mv $tree.part $tree
}

# make_kubernetes PROGRAM...: compiles PROGRAMs into $scratch/out, with Debian's Go and nothing of the caller's.
make_kubernetes() {
    local programs=("$@")
    unpack_kubernetes
    (cd go/src/k8s.io/kubernetes && nice env -i PATH=/usr/bin:/bin HOME="$scratch" LANG=C.UTF-8 CGO_ENABLED=0 \
        GOPATH="$scratch/go" GOCACHE="$scratch/go-build" KUBE_GIT_VERSION="v$kubernetes_version" \
        make WHAT="${programs[*]/#/cmd/}")
    local program
    for program in "${programs[@]}"; do
        cp "go/src/k8s.io/kubernetes/_output/local/bin/linux/$(dpkg --print-architecture)/$program" out/
    done
}

build_kubernetes() { make_kubernetes kube-apiserver kube-controller-manager kubectl; }

build_kubernetes_node() { make_kubernetes kube-scheduler kubelet; }

build_moto() { build_python moto-requirements.txt; }

build_clouds() { build_python clouds-requirements.txt; }

# build_python FILE: a virtual environment with what FILE names.
build_python() {
    /usr/bin/python3 -m venv out
    out/bin/python -m pip install --quiet --disable-pip-version-check -r "$library/$1"
}
