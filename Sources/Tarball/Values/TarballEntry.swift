/// A regular file on its way into a tarball.
public struct TarballEntry: Sendable, Hashable {
    /// The relative path, components divided by `/`: see ``TarballError/invalidPath(path:reason:)`` for what is refused.
    public var path: String
    /// The content.
    public var content: [UInt8]
    /// The time of the last change, in seconds since 1970.
    public var modified: Int64
    /// Permission bits.
    public var mode: UInt16

    /// A file.
    public init(path: String, content: [UInt8], modified: Int64, mode: UInt16 = 0o644) {
        self.path = path
        self.content = content
        self.modified = modified
        self.mode = mode
    }
}
