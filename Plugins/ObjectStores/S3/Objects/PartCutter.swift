import Streams

/// Cuts a stream into parts.
struct PartCutter {
    private var pieces: ByteStream.AsyncIterator
    /// What is left of a piece that reached past its part.
    private var rest: ArraySlice<UInt8> = []

    init(_ stream: ByteStream) { pieces = stream.makeAsyncIterator() }

    /// The next `size` bytes; fewer at the end of the stream only, none after it.
    mutating func next(size: Int) async throws -> [UInt8] {
        var part: [UInt8] = []
        while part.count < size {
            if rest.isEmpty {
                guard let piece = try await pieces.next() else { break }
                rest = piece[...]
            }
            // Room for a whole part once there is more than one piece in it.
            if !part.isEmpty { part.reserveCapacity(size) }
            let taken = rest.prefix(size - part.count)
            part.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
        }
        return part
    }
}

/// How large the parts of an upload are.
///
/// S3 takes 10,000 parts. Where the length is known they are equal. Where it is not, parts have the configured size at
/// first and then grow with what has been sent, by 1/1300 of it, so that 10,000 of them reach 5 TiB: 100 GiB are sent
/// in parts of up to 80 MiB.
struct PartSizes {
    static let maximumParts = 10_000
    private static let largestPart = 5 << 30
    /// Where growth begins: before this many parts it would not exceed the configured size anyway.
    private static let growth = 1300

    private let base: Int
    private var sent = 0

    init(base: Int, length: Int64?) {
        let mebibyte: Int64 = 1 << 20
        let needed = ((length ?? 0) / Int64(Self.maximumParts) + mebibyte) / mebibyte * mebibyte
        self.base = max(base, length == nil ? 0 : Int(clamping: needed))
    }

    /// The size of the next part.
    mutating func next() -> Int {
        let grown = sent / Self.growth
        let size = min(max(base, (grown >> 20 + 1) << 20), Self.largestPart)
        sent += size
        return size
    }
}
