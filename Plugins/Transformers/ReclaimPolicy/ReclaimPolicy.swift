// ReclaimPolicy
