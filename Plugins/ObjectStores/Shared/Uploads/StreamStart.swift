import GodwitPluginAPI
package import Streams

/// How a streamed body begins. Its first part is held back: when that is all there is, one request stores it.
package enum StreamStart {
    /// This is all.
    case whole([UInt8])
    /// This is the first part, and there is more, or nobody knows yet.
    case more([UInt8], PartCutter)

    /// Reads the first part.
    ///
    /// - Parameters:
    ///   - length: what was announced, which is held against what is found.
    ///   - size: of the part in bytes.
    package static func read(
        _ stream: ByteStream, length: Int64?, size: Int, key: String, store: String
    ) async throws -> StreamStart {
        var cutter = PartCutter(stream)
        let first = try await cutter.next(size: size)
        guard first.count < size || length == Int64(first.count) else { return .more(first, cutter) }
        let more = first.count < size ? [] : try await cutter.next(size: 1)
        try checkLength(Int64(first.count + more.count), announced: length, key: key, store: store)
        return .whole(first)
    }

    /// Throws unless as many bytes came as were announced.
    package static func checkLength(_ found: Int64, announced: Int64?, key: String, store: String) throws {
        guard let announced, found != announced else { return }
        let more = found > announced ? "at least " : ""
        throw ObjectStoreError(
            .corrupted, operation: "put", key: key, store: store,
            reason: "the body has \(more)\(found) bytes and was announced with \(announced)")
    }
}
