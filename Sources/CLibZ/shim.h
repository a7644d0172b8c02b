#pragma once

#include <zlib.h>

// deflateInit2 and inflateInit2 are macros. 15 + 16 window bits: the gzip format.

static inline int godwit_gzip_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

static inline int godwit_gzip_inflate_init(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}
