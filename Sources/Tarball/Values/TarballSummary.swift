/// What a finished tarball holds.
public struct TarballSummary: Sendable, Hashable {
    /// The number of entries.
    public let entries: Int
    /// The bytes of all contents together.
    public let contentBytes: Int64
    /// The length of the tarball in bytes.
    public let compressedBytes: Int64
    /// The number of zstd frames; 1 for gzip.
    public let frames: Int
}
