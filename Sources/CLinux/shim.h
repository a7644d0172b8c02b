#pragma once

// What Linux has and Swift's Glibc module does not show: extended attributes, and what needs _GNU_SOURCE.

#include <sys/types.h>
#include <sys/xattr.h>

int syncfs(int descriptor);

// The values are part of Linux's interface to programs and the same on every architecture that Swift runs on.
enum {
    godwit_seek_data = 3,
    godwit_seek_hole = 4,
    godwit_o_noatime = 01000000,
};
