#pragma once

#include <archive.h>
#include <archive_entry.h>

// Swift imports neither these macros, which cast, nor variadic functions.

static const unsigned int godwit_ae_ifreg = AE_IFREG;
static const unsigned int godwit_ae_ifdir = AE_IFDIR;
static const unsigned int godwit_ae_iflnk = AE_IFLNK;
static const unsigned int godwit_ae_ifchr = AE_IFCHR;
static const unsigned int godwit_ae_ifblk = AE_IFBLK;
static const unsigned int godwit_ae_ififo = AE_IFIFO;

static inline void godwit_archive_set_error(struct archive *archive, int number, const char *message) {
    archive_set_error(archive, number, "%s", message);
}
