/// Cuts a stream of bytes where its content says so: an insertion moves the cuts near it and no others.
///
/// Normalised chunking with a gear hash, after Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking
/// Approach for Data Deduplication" (USENIX ATC 2016): a cut is where the rolling hash of the last 64 bytes has zeros
/// under a mask, a mask of more bits before the wanted size than after it.
public struct ContentDefinedChunker: Sendable {
    /// How large the pieces are, in bytes.
    public struct Sizes: Sendable, Hashable {
        /// No piece but the last is smaller.
        public let minimum: Int
        /// Most pieces are near this size; a power of two.
        public let average: Int
        /// No piece is larger.
        public let maximum: Int

        /// The content of large files.
        public static let content = Sizes(minimum: 256 << 10, average: 1 << 20, maximum: ChunkLimits.maximumContent)
        /// The tree of a snapshot: small pieces, because a few changed lines should cost little.
        public static let tree = Sizes(minimum: 64 << 10, average: 256 << 10, maximum: 1 << 20)

        /// Sizes in ascending order.
        init(minimum: Int, average: Int, maximum: Int) {
            self.minimum = minimum
            self.average = average
            self.maximum = maximum
        }
    }

    /// The sizes of the pieces.
    public let sizes: Sizes

    private let gear: [UInt64]
    private let maskBefore: UInt64
    private let maskAfter: UInt64

    /// A chunker.
    ///
    /// - Parameter seed: the repository's. Where it is secret, the sizes of pieces tell nothing of known content.
    public init(sizes: Sizes, seed: UInt64) {
        self.sizes = sizes
        var state = seed
        gear = (0..<256).map { _ in splitMix64(&state) }
        let bits = sizes.average.trailingZeroBitCount
        // The gear hash shifts left: its upper bits depend on the most bytes.
        maskBefore = ~0 << UInt64(64 - bits - 2)
        maskAfter = ~0 << UInt64(64 - bits + 2)
    }

    /// The length of the first piece of some bytes.
    ///
    /// - Parameter bytes: at least ``Sizes/maximum`` bytes, unless the stream ends with them; not empty.
    public func firstPiece(of bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count > sizes.minimum else { return bytes.count }
        let end = min(bytes.count, sizes.maximum)
        let normal = min(end, sizes.average)
        return gear.withUnsafeBufferPointer { gear in
            var hash: UInt64 = 0
            // What lies more than 64 bytes back has left the hash.
            var index = sizes.minimum - 64
            while index < sizes.minimum {
                hash = hash << 1 &+ gear[Int(bytes[index])]
                index += 1
            }
            if let cut = Self.cut(bytes, gear, &hash, &index, upTo: normal, mask: maskBefore) { return cut }
            if let cut = Self.cut(bytes, gear, &hash, &index, upTo: end, mask: maskAfter) { return cut }
            return end
        }
    }

    @inline(__always)
    private static func cut(
        _ bytes: UnsafeRawBufferPointer, _ gear: UnsafeBufferPointer<UInt64>, _ hash: inout UInt64, _ index: inout Int,
        upTo end: Int, mask: UInt64
    ) -> Int? {
        guard let base = bytes.baseAddress, let table = gear.baseAddress else { return nil }
        var position = index
        var rolling = hash
        defer {
            index = position
            hash = rolling
        }
        while position < end {
            rolling = rolling << 1 &+ table[Int(base.load(fromByteOffset: position, as: UInt8.self))]
            position += 1
            if rolling & mask == 0 { return position }
        }
        return nil
    }
}

/// The next number of Steele's, Lea's and Flood's generator SplitMix64.
private func splitMix64(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
}
