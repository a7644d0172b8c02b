#pragma once

// The requests that btrfs takes, with their arguments filled in: the structures are large, and Swift does not see macros
// that make numbers of types. All return 0, or an errno.
//
// Source: linux/btrfs.h, and btrfs-ioctl(2).

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

// The identity of the file system that an open file is on.
static inline int godwit_btrfs_filesystem(int descriptor, uint8_t id[16]) {
    struct btrfs_ioctl_fs_info_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (ioctl(descriptor, BTRFS_IOC_FS_INFO, &arguments) != 0) return errno;
    memcpy(id, arguments.fsid, 16);
    return 0;
}

// Makes a snapshot of a subvolume in a directory.
static inline int godwit_btrfs_snapshot(int subvolume, int directory, const char *name, int isReadOnly) {
    struct btrfs_ioctl_vol_args_v2 arguments;
    memset(&arguments, 0, sizeof arguments);
    if (strlen(name) > 255) return ENAMETOOLONG;
    arguments.fd = subvolume;
    arguments.flags = isReadOnly ? BTRFS_SUBVOL_RDONLY : 0;
    strcpy(arguments.name, name);
    return ioctl(directory, BTRFS_IOC_SNAP_CREATE_V2, &arguments) == 0 ? 0 : errno;
}

// Makes an empty subvolume in a directory.
static inline int godwit_btrfs_create(int directory, const char *name) {
    struct btrfs_ioctl_vol_args_v2 arguments;
    memset(&arguments, 0, sizeof arguments);
    if (strlen(name) > 255) return ENAMETOOLONG;
    strcpy(arguments.name, name);
    return ioctl(directory, BTRFS_IOC_SUBVOL_CREATE_V2, &arguments) == 0 ? 0 : errno;
}

// Removes a subvolume from a directory.
static inline int godwit_btrfs_destroy(int directory, const char *name) {
    struct btrfs_ioctl_vol_args arguments;
    memset(&arguments, 0, sizeof arguments);
    if (strlen(name) > 255) return ENAMETOOLONG;
    strcpy(arguments.name, name);
    return ioctl(directory, BTRFS_IOC_SNAP_DESTROY, &arguments) == 0 ? 0 : errno;
}

// Whether the data of a file, or of files that are made in a directory, is written in place (`chattr +C`). The empty
// directory that a snapshot has in place of a subvolume has no flags.
static inline int godwit_btrfs_is_in_place(int descriptor, int *isInPlace) {
    unsigned int flags = 0;
    if (ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0 && errno != ENOTTY) return errno;
    *isInPlace = (flags & FS_NOCOW_FL) != 0;
    return 0;
}

// Has the data of an empty file, or of files that are made in a directory, written in place or not.
static inline int godwit_btrfs_set_in_place(int descriptor, int isInPlace) {
    unsigned int flags = 0;
    if (ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0) return errno;
    // What is written in place cannot be compressed.
    flags = isInPlace ? (flags & ~FS_COMPR_FL) | FS_NOCOW_FL : flags & ~FS_NOCOW_FL;
    return ioctl(descriptor, FS_IOC_SETFLAGS, &flags) == 0 ? 0 : errno;
}

// The name of a subvolume that is below a directory, from `after` on in the order of their numbers. `after` becomes the
// number to ask for next; `path` is empty when there are no more.
static inline int godwit_btrfs_next_below(int directory, uint64_t *after, char *path, size_t size) {
    struct btrfs_ioctl_get_subvol_rootref_args *roots = calloc(1, sizeof *roots);
    struct btrfs_ioctl_ino_lookup_user_args *place = calloc(1, sizeof *place);
    int result = roots && place ? 0 : ENOMEM;
    path[0] = 0;
    while (result == 0 && path[0] == 0) {
        memset(roots, 0, sizeof *roots);
        roots->min_treeid = *after;
        int isCut = 0;
        if (ioctl(directory, BTRFS_IOC_GET_SUBVOL_ROOTREF, roots) != 0) {
            // There are more than fit.
            if (errno != EOVERFLOW) result = errno;
            isCut = result == 0;
        }
        for (unsigned index = 0; result == 0 && path[0] == 0 && index < roots->num_items; index++) {
            *after = roots->rootref[index].treeid + 1;
            memset(place, 0, sizeof *place);
            place->treeid = roots->rootref[index].treeid;
            place->dirid = roots->rootref[index].dirid;
            // Refused for what is elsewhere in the same subvolume.
            if (ioctl(directory, BTRFS_IOC_INO_LOOKUP_USER, place) != 0) continue;
            if (strlen(place->path) + strlen(place->name) + 1 > size) {
                result = ENAMETOOLONG;
            } else {
                strcpy(path, place->path);
                strcat(path, place->name);
            }
        }
        if (!isCut && path[0] == 0) break;
    }
    free(roots);
    free(place);
    return result;
}
