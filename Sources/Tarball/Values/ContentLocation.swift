/// Where an entry's content is in a tarball.
///
/// In a tarball of zstd frames the content is found by reading from the byte ``frame`` on, decompressing one frame, and
/// cutting; see ``FrameReader``. In a gzip or plain tarball ``frame`` is 0 and stands for the whole uncompressed tar.
public struct ContentLocation: Sendable, Hashable, Codable {
    /// The compressed offset of the entry's frame in the tarball, in bytes.
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
