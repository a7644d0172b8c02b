package import Streams

/// Cuts a stream into parts.
package struct PartCutter {
    private var pieces: ByteStream.AsyncIterator
    /// What is left of a piece that reached past its part.
    private var rest: ArraySlice<UInt8> = []

    /// Cuts a stream from its beginning on.
    package init(_ stream: ByteStream) { pieces = stream.makeAsyncIterator() }

    /// The next `size` bytes; fewer at the end of the stream only, none after it.
    package mutating func next(size: Int) async throws -> [UInt8] {
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
