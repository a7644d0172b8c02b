/// How large the parts of an upload are.
///
/// A store takes so many parts: S3 10,000. Where the length is known they are equal. Where it is not, parts have the configured size at
/// first and then grow with what has been sent, by 1/1300 of it (for 10,000 parts), so that these reach 5 TiB: 100 GiB
/// are sent in parts of up to 80 MiB.
package struct PartSizes {
    /// How many parts S3 takes.
    package static let usualLimit = 10_000
    private static let largestPart: Int64 = 5 << 30

    /// How many parts the store takes.
    package let maximumParts: Int
    private let base: Int64
    private var sent: Int64 = 0

    /// - Parameters:
    ///   - base: the configured size in bytes.
    ///   - length: of the whole body, where it is known.
    ///   - maximumParts: how many the store takes.
    package init(base: Int, length: Int64?, maximumParts: Int = usualLimit) {
        let mebibyte: Int64 = 1 << 20
        let needed = ((length ?? 0) / Int64(maximumParts) + mebibyte) / mebibyte * mebibyte
        self.base = max(Int64(base), length == nil ? 0 : needed)
        self.maximumParts = maximumParts
    }

    /// The size of the next part.
    package mutating func next() -> Int {
        // Before this many parts growth would not exceed the configured size anyway.
        let grown = sent / Int64(maximumParts * 13 / 100)
        let size = min(max(base, (grown >> 20 + 1) << 20), Self.largestPart)
        sent += size
        return Int(size)
    }
}
