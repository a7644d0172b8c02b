# A node that runs pods. Sourced by scripts/testbed.
# shellcheck shell=bash disable=SC2154
readonly node_name=localhost node_image=docker.io/library/busybox:local
node_processes() { echo kubelet kube-scheduler containerd; }
start_node() { say "not yet"; return 1; }
stop_node() { :; }
