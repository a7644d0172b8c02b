/// Where the content of an entry is in a tarball.
public struct ContentLocation: Sendable, Hashable, Codable {
    /// The offset of the zstd frame in the tarball, in bytes.
    public let frame: Int64
    /// The offset of the content in the decompressed frame, in bytes.
    public let offset: Int64
    /// The length of the content in bytes.
    public let length: Int64

    /// A location.
    public init(frame: Int64, offset: Int64, length: Int64) {
        self.frame = frame
        self.offset = offset
        self.length = length
    }
}
