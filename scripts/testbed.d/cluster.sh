# The source and destination clusters: etcd, kube-apiserver, kube-controller-manager. Sourced by scripts/testbed.
# shellcheck shell=bash disable=SC2154

# cluster_port NAME OFFSET: etcd clients 0, etcd peers 1, API server 2, controller manager 3.
cluster_port() {
    if [[ $1 == source ]]; then echo "$2"; else echo $((10 + $2)); fi
}

cluster_address() { echo "https://127.0.0.1:$(port "$(cluster_port "$1" 2)")"; }

etcd_address() { echo "http://127.0.0.1:$(port "$(cluster_port "$1" 0)")"; }

start_cluster() {
    local name=$1 etcd api manager offset
    require_programs etcd openssl
    etcd=$(etcd_address "$name")
    api=$(port "$(cluster_port "$name" 2)")
    manager=$(port "$(cluster_port "$name" 3)")
    for offset in 0 1; do require_port "$name-etcd" "$(cluster_port "$name" $offset)"; done
    require_port "$name-apiserver" "$(cluster_port "$name" 2)"
    require_port "$name-controller-manager" "$(cluster_port "$name" 3)"
    start_etcd "$name" "$etcd" "http://127.0.0.1:$(port "$(cluster_port "$name" 1)")"
    make_identities "$name"
    await "$name-etcd" curl --silent --fail --max-time 5 "$etcd/health"
    start_apiserver "$name" "$etcd" "$api"
    start_controller_manager "$name" "$manager"
    await "$name-apiserver" api_request "$name" /readyz
    # The controllers work once they have made the first service account, which every pod needs.
    await "$name-controller-manager" api_request "$name" /api/v1/namespaces/default/serviceaccounts/default
}

# What the hostpath provisioner of the controller manager made. Its place is not ours to choose.
remove_provisioned_volumes() {
    local volume
    if ! alive "$1-apiserver"; then return; fi
    api_request "$1" /api/v1/persistentvolumes |
        jq -r '.items[].spec.hostPath.path // empty | select(test("^/tmp/hostpath_pv/[0-9a-f-]{36}$"))' |
        while read -r volume; do rm -rf "$volume"; done || true
    rmdir /tmp/hostpath_pv 2>/dev/null || true
}

cluster_processes() { echo "$1-controller-manager" "$1-apiserver" "$1-etcd"; }

# api_request CLUSTER PATH: GET as administrator. The token goes by a file, not on the command line.
api_request() {
    curl --silent --fail --max-time 5 --cacert "$state/$1/server-ca.crt" --config "$state/$1/curl.conf" \
        "$(cluster_address "$1")$2"
}

start_etcd() {
    local name=$1 client=$2 peer=$3
    spawn "$name-etcd" etcd --name "$name" --data-dir "$data/$name-etcd" --logger zap --log-level warn \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "$name=$peer" \
        --quota-backend-bytes $((8 << 30)) --max-request-bytes $((8 << 20))
}

start_apiserver() {
    local name=$1 etcd=$2 port=$3 directory=$state/$1
    spawn "$name-apiserver" "$kubernetes_dir/kube-apiserver" \
        --etcd-servers="$etcd" --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$port" \
        --cert-dir="$directory" --tls-cert-file="$directory/server.crt" --tls-private-key-file="$directory/server.key" \
        --client-ca-file="$directory/client-ca.crt" --token-auth-file="$directory/tokens.csv" \
        --authorization-mode=Node,RBAC \
        --service-account-issuer=https://kubernetes.default.svc \
        --service-account-signing-key-file="$directory/service-account.key" \
        --service-account-key-file="$directory/service-account.pub" \
        --service-cluster-ip-range=10.96.0.0/16 --endpoint-reconciler-type=none \
        --allow-privileged=true --kubelet-preferred-address-types=Hostname \
        --kubelet-client-certificate="$directory/admin.crt" --kubelet-client-key="$directory/admin.key" \
        --max-requests-inflight=1600 --max-mutating-requests-inflight=800
}

# Its requests are not throttled to the default 20 a second: deleting a namespace would take minutes.
start_controller_manager() {
    local name=$1 port=$2 directory=$state/$1
    spawn "$name-controller-manager" "$kubernetes_dir/kube-controller-manager" \
        --kubeconfig="$directory.kubeconfig" --bind-address=127.0.0.1 --port=0 --secure-port="$port" \
        --cert-dir="$directory" --root-ca-file="$directory/server-ca.crt" \
        --service-account-private-key-file="$directory/service-account.key" --use-service-account-credentials \
        --kube-api-qps=400 --kube-api-burst=800 --pvclaimbinder-sync-period=2s \
        --enable-hostpath-provisioner --leader-elect=false
}

# Keys, certificates, tokens and kubeconfigs of a cluster, each cluster its own, so that a mix-up cannot work.
make_identities() {
    local name=$1 directory=$state/$1 admin nobody
    if [[ -f $directory/complete ]]; then return; fi
    mkdir -p "$directory"
    (
        cd "$directory" || exit 1
        make_authority server-ca "godwit testbed $name servers"
        make_authority client-ca "godwit testbed $name clients"
        make_certificate server server-ca /CN=kube-apiserver \
            "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
        make_certificate admin client-ca /O=system:masters/CN=godwit-admin-by-certificate extendedKeyUsage=clientAuth
        openssl genrsa -out service-account.key 2048
        openssl rsa -in service-account.key -pubout -out service-account.pub
    ) >>"$state/logs/$name-identities.log" 2>&1
    admin=$(openssl rand -hex 24)
    nobody=$(openssl rand -hex 24)
    printf '%s\n' "$admin,godwit-admin,godwit-admin,\"system:masters\"" "$nobody,nobody,nobody" >"$directory/tokens.csv"
    printf 'header = "Authorization: Bearer %s"\n' "$admin" >"$directory/curl.conf"
    write_kubeconfig "$name" godwit-admin "token: $admin" >"$directory.kubeconfig"
    write_kubeconfig "$name" nobody "token: $nobody" >"$directory-nobody.kubeconfig"
    write_kubeconfig "$name" godwit-admin-by-certificate "client-certificate-data: $(base64 -w 0 "$directory/admin.crt")" \
        "client-key-data: $(base64 -w 0 "$directory/admin.key")" >"$directory-certificate.kubeconfig"
    touch "$directory/complete"
}

make_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$2" \
        -keyout "$1.key" -out "$1.crt"
}

# make_certificate NAME AUTHORITY SUBJECT EXTENSION
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "$3" -addext "$4" \
        -addext basicConstraints=critical,CA:FALSE -CA "$2.crt" -CAkey "$2.key" -keyout "$1.key" -out "$1.crt"
}

# write_kubeconfig CLUSTER USER CREDENTIAL-LINE...
write_kubeconfig() {
    local cluster=$1 user=$2
    shift 2
    cat <<KUBECONFIG
apiVersion: v1
kind: Config
current-context: $cluster
clusters:
- name: $cluster
  cluster:
    server: $(cluster_address "$cluster")
    certificate-authority-data: $(base64 -w 0 "$state/$cluster/server-ca.crt")
contexts:
- name: $cluster
  context:
    cluster: $cluster
    user: $user
users:
- name: $user
  user:
$(printf '    %s\n' "$@")
KUBECONFIG
}
