/// The name of a snapshot: the hash of its document, keyed where the repository is encrypted.
public struct SnapshotID: Sendable, Hashable, Comparable, CustomStringConvertible {
    let hash: ChunkID

    init(hash: ChunkID) { self.hash = hash }

    /// An id from its 64 lowercase hexadecimal digits; nil when it is none.
    public init?(_ text: String) {
        guard let hash = ChunkID(text) else { return nil }
        self.hash = hash
    }

    /// The 64 lowercase hexadecimal digits.
    public var description: String { hash.description }

    /// The first eight digits, which is how people name it.
    public var short: String { String(description.prefix(8)) }

    /// In the order of the digits.
    public static func < (left: SnapshotID, right: SnapshotID) -> Bool { left.hash < right.hash }
}
