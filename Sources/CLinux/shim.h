#pragma once

// What Linux has and Swift's Glibc module does not show: extended attributes, and what needs _GNU_SOURCE.

#include <linux/stat.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

int syncfs(int descriptor);

// The values are part of Linux's interface to programs and the same on every architecture that Swift runs on.
enum {
    godwit_seek_data = 3,
    godwit_seek_hole = 4,
    godwit_o_noatime = 01000000,
    godwit_o_path = 010000000,
    godwit_at_empty_path = 0x1000,
};

// The number of the mount that an open file was reached through; 0 where the kernel does not say (before Linux 5.8).
static inline uint64_t godwit_mount_id(int descriptor) {
    struct statx status = {0};
    // 0x1000 is STATX_MNT_ID, which older headers do not have; nor do they name its field.
    if (syscall(SYS_statx, descriptor, "", godwit_at_empty_path, 0x1000, &status) != 0) return 0;
    if (!(status.stx_mask & 0x1000)) return 0;
    return *(const uint64_t *)((const char *)&status + 144);
}
