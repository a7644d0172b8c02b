import Synchronization

/// Bytes that arrive in pieces, once.
///
/// A stream has one consumer. Pieces are of any size but never empty.
public struct ByteStream: AsyncSequence, Sendable {
    /// A piece.
    public typealias Element = [UInt8]

    private let pull: @Sendable () async throws -> [UInt8]?

    /// A stream of what a function gives until it gives nil. Empty pieces are passed over.
    public init(_ pull: @escaping @Sendable () async throws -> [UInt8]?) {
        self.pull = pull
    }

    /// A stream of one piece.
    public init(_ bytes: [UInt8]) {
        let rest = Mutex<[UInt8]?>(bytes)
        self.init { rest.withLock { $0.take() } }
    }

    /// What a channel delivers. When the stream is dropped, the channel's producer is told that nobody reads any more.
    public init(_ channel: BoundedChannel<[UInt8]>) {
        let reader = ChannelReader(channel)
        self.init { try await reader.next() }
    }

    /// Pulls pieces one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> [UInt8]?

        /// The next piece, or nil at the end.
        public mutating func next() async throws -> [UInt8]? {
            while let piece = try await pull() {
                if !piece.isEmpty { return piece }
            }
            return nil
        }
    }

    /// Begins, or goes on with, the one consumption.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

    /// Reads to the end.
    ///
    /// - Parameter expected: how many bytes there probably are, for which room is made at once.
    /// - Throws: ``StreamTooLong`` when there is more than `limit` bytes.
    public func collect(upTo limit: Int, expecting expected: Int = 0) async throws -> [UInt8] {
        var collected: [UInt8] = []
        for try await piece in self {
            guard collected.count + piece.count <= limit else { throw StreamTooLong(limit: limit) }
            if collected.isEmpty {
                collected = piece
                if piece.count < expected { collected.reserveCapacity(expected) }
            } else {
                collected.append(contentsOf: piece)
            }
        }
        return collected
    }
}

/// The reading end of a channel; its release abandons the channel.
private final class ChannelReader: Sendable {
    private let channel: BoundedChannel<[UInt8]>

    init(_ channel: BoundedChannel<[UInt8]>) { self.channel = channel }

    deinit { channel.abandon() }

    func next() async throws -> [UInt8]? { try await channel.next() }
}

/// A stream held more than its reader was ready to take.
public struct StreamTooLong: Error, Sendable, CustomStringConvertible {
    /// The limit in bytes.
    public let limit: Int

    /// Names the limit.
    public var description: String { "more than \(limit) bytes, which is the limit here" }
}
