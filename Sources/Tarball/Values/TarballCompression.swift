/// How a tarball or a small artifact is compressed.
public enum TarballCompression: Sendable, Hashable {
    /// Zstandard (RFC 8878). A tarball becomes a row of independent frames, an artifact becomes one.
    ///
    /// - `level`: 1 to 22, or negative for the fast levels; 3 is the format's usual level.
    /// - `workers`: extra threads that compress one frame together; 0 compresses on the writer's own thread.
    case zstd(level: Int = 3, workers: Int = 0)
    /// gzip (RFC 1952), what Velero writes. Level 0 to 9.
    case gzip(level: Int = 6)
}
