# A node of the source cluster that runs pods: containerd, kube-scheduler, kubelet. Sourced by scripts/testbed.
#
# The node is called localhost because the API server reaches a kubelet by the node's name, and that name
# resolves to the loopback address on any machine without a line in /etc/hosts.
# shellcheck shell=bash disable=SC2154

readonly node_name=localhost node_bridge=godwit0 node_subnet=10.231.0.0/24
readonly node_image=docker.io/library/busybox:local pause_image=k8s.gcr.io/pause:3.2
readonly cgroup=/godwit-testbed
readonly scheduler_port=20 kubelet_port=21 kubelet_health_port=22

node_processes() { echo kubelet kube-scheduler containerd; }

start_node() {
    local directory=$state/node
    if ((EUID)); then say "a node needs root"; return 1; fi
    require_programs containerd ctr runc busybox ip jq
    # Two kubelets would fight over the bridge and the cgroup.
    if ! alive kubelet && pgrep -x kubelet >/dev/null; then say "another kubelet runs on this machine"; return 1; fi
    umask 022 # what containers see must not depend on ours; $state itself is private
    require_port kube-scheduler $scheduler_port
    require_port kubelet $kubelet_port
    require_port kubelet $kubelet_health_port
    mkdir -p "$directory"
    make_cgroups
    start_containerd "$directory"
    import_images "$directory"
    spawn kube-scheduler "$kubernetes_node_dir/kube-scheduler" --kubeconfig="$state/source.kubeconfig" \
        --bind-address=127.0.0.1 --port=0 --secure-port="$(port $scheduler_port)" --cert-dir="$directory" \
        --leader-elect=false
    start_kubelet "$directory"
    await kubelet node_is_ready
    await source-controller-manager api_request source /api/v1/namespaces/kube-system/serviceaccounts/default
    try_pod "$directory"
}

# A cgroup of our own: a kubelet ends what it finds in its cgroup and does not know, such as another kubelet's pods.
make_cgroups() {
    local hierarchy file
    for hierarchy in $(cgroup_hierarchies); do
        mkdir -p "$hierarchy$cgroup"
        for file in cpuset.cpus cpuset.mems; do
            if [[ -f $hierarchy/$file && ! -s $hierarchy/cgroup.controllers ]]; then
                cat "$hierarchy/$file" >"$hierarchy$cgroup/$file"
            fi
        done
    done
}

cgroup_hierarchies() { awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts; }

remove_cgroups() {
    local hierarchy
    for hierarchy in $(cgroup_hierarchies); do
        if [[ -d $hierarchy$cgroup ]]; then find "$hierarchy$cgroup" -depth -type d -exec rmdir {} + || true; fi
    done
}

# ctr for the images and containers of our containerd only.
container_tool() { ctr --address "$state/node/containerd.sock" --namespace k8s.io "$@"; }

start_containerd() {
    local directory=$1
    mkdir -p "$directory/cni"
    cat >"$directory/cni/10-godwit.conflist" <<CONF
{"cniVersion": "0.4.0", "name": "godwit", "plugins": [
    {"type": "bridge", "bridge": "$node_bridge", "isGateway": true,
     "ipam": {"type": "host-local", "dataDir": "$directory/ipam", "ranges": [[{"subnet": "$node_subnet"}]]}}]}
CONF
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE no score below our own can be set, and no pod would start.
    cat >"$directory/containerd.toml" <<CONF
version = 2
root = "$directory/containerd"
state = "$directory/run"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "$directory/containerd.sock"
[ttrpc]
address = "$directory/containerd.ttrpc.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "$directory/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "$pause_image"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$directory/cni"
CONF
    spawn containerd containerd --config "$directory/containerd.toml"
    await containerd container_tool version
}

start_kubelet() {
    local directory=$1
    # The API server proves itself by its certificate; nobody else on the machine may run commands in pods.
    cat >"$directory/kubelet.yaml" <<CONF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $(port $kubelet_port)
readOnlyPort: 0
healthzBindAddress: 127.0.0.1
healthzPort: $(port $kubelet_health_port)
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $state/source/client-ca.crt}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: $cgroup
enforceNodeAllocatable: []
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}
failSwapOn: false
imageGCHighThresholdPercent: 100
makeIPTablesUtilChains: false
hairpinMode: none
syncFrequency: 10s
nodeStatusUpdateFrequency: 5s
CONF
    spawn kubelet "$kubernetes_node_dir/kubelet" --config="$directory/kubelet.yaml" \
        --kubeconfig="$state/source.kubeconfig" --hostname-override="$node_name" --root-dir="$directory/kubelet" \
        --cert-dir="$directory/pki" --volume-plugin-dir="$directory/volume-plugins" \
        --container-runtime=remote --container-runtime-endpoint="unix://$directory/containerd.sock"
}

node_is_ready() {
    api_request source "/api/v1/nodes/$node_name" |
        jq -e '.status.conditions[] | select(.type == "Ready" and .status == "True")'
}

# Images come from no registry: one layer with a static busybox, in the archive format of "docker save".
import_images() {
    local directory=$1 root=$1/image
    if [[ -f $directory/images ]]; then return; fi
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/etc" "$root/root" "$root/proc" "$root/sys" "$root/dev"
    mkdir -m 1777 "$root/tmp"
    cp /bin/busybox "$root/bin/busybox"
    busybox --list | grep -v '^busybox$' | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
    echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
    echo root:x:0: >"$root/etc/group"
    import_image "$root" $node_image '["sh"]'
    import_image "$root" $pause_image '["sleep", "2147483647"]'
    touch "$directory/images"
}

# import_image ROOT NAME COMMAND: COMMAND is a JSON array.
import_image() {
    local root=$1 name=$2 command=$3 archive=$1.archive digest
    rm -rf "$archive"
    mkdir "$archive"
    tar --create --file "$archive/layer.tar" --owner 0 --group 0 --directory "$root" .
    digest=$(sha256sum "$archive/layer.tar" | cut -d ' ' -f 1)
    jq -n --arg digest "sha256:$digest" --arg arch "$(dpkg --print-architecture)" --argjson command "$command" '
        {architecture: $arch, os: "linux", rootfs: {type: "layers", diff_ids: [$digest]},
         config: {Env: ["PATH=/bin"], Cmd: $command}}' >"$archive/config.json"
    jq -n --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$archive/manifest.json"
    tar --create --directory "$archive" manifest.json config.json layer.tar |
        container_tool images import - >>"$state/logs/node-images.log" 2>&1
    rm -rf "$archive"
}

# Whether the kernel lets pods run shows only in a pod.
try_pod() {
    local directory=$1 kubectl=("$kubernetes_dir/kubectl" --kubeconfig "$state/source.kubeconfig" --namespace kube-system)
    if [[ -f $directory/tried ]]; then return; fi
    {
        "${kubectl[@]}" delete pod testbed-try --ignore-not-found --now
        "${kubectl[@]}" run testbed-try --image $node_image --restart Never --command -- sleep 3600
        if "${kubectl[@]}" wait pod testbed-try --for condition=Ready --timeout 60s &&
            "${kubectl[@]}" exec testbed-try -- true; then
            "${kubectl[@]}" delete pod testbed-try --now --wait=false
            touch "$directory/tried"
        else
            "${kubectl[@]}" describe pod testbed-try
        fi
    } >>"$state/logs/node-try.log" 2>&1
    if [[ ! -f $directory/tried ]]; then
        say "a pod does not run; the last lines of $state/logs/node-try.log:"
        tail -n 15 "$state/logs/node-try.log" >&2
        return 1
    fi
}

# Ends the kubelet first, which would start pods again, then pods, mounts and the bridge.
stop_node() {
    local directory=$state/node container
    if [[ ! -d $directory ]]; then return; fi
    end_processes kubelet kube-scheduler
    if alive containerd; then
        for container in $(container_tool tasks list --quiet); do
            container_tool tasks delete --force "$container" || true
        done >>"$state/logs/node-stop.log" 2>&1
    fi
    end_processes containerd
    awk -v prefix="$directory/" 'index($2, prefix) == 1 { print $2 }' /proc/self/mounts | sort -r |
        xargs --no-run-if-empty --delimiter '\n' umount --lazy 2>>"$state/logs/node-stop.log" || true
    remove_cgroups 2>>"$state/logs/node-stop.log"
    ip link delete "$node_bridge" 2>/dev/null || true
}
