public import Streams

/// Reads the entries of a tarball, one after another, from a stream of its bytes.
///
/// zstd (any number of frames), gzip (any number of members) and plain tar are told apart by their first bytes. The
/// work is done on a thread of its own; the stream is pulled only as fast as entries are taken. Cancelling the task that
/// iterates ends the reading for good.
///
/// A tarball that was read to its end without an error was whole: checksums held, the end of the archive was there, and
/// nothing followed it. Entries that were handed out before an error came are as they were written, but others are
/// missing.
public struct TarballReader: AsyncSequence, Sendable {
    /// What an entry is.
    public enum Kind: Sendable, Hashable {
        /// A file with content.
        case regular
        /// A directory.
        case directory
        /// A symbolic link; see ``Entry/linkTarget``.
        case symbolicLink
        /// Another name of an earlier entry; see ``Entry/linkTarget``.
        case hardLink
        /// A character device.
        case characterDevice
        /// A block device.
        case blockDevice
        /// A named pipe.
        case fifo
        /// Anything else.
        case other
    }

    /// An entry. Nothing is ever created or followed; what is not a regular file is only reported.
    public struct Entry: Sendable, Hashable {
        /// The path: relative, without `.` or `..`, without a `/` at its end. The directory that an archive was made of
        /// is `.`.
        public let path: String
        /// What the entry is.
        public let kind: Kind
        /// The size of the content in bytes, as the header declares it.
        public let size: Int64
        /// Permission bits.
        public let mode: UInt16
        /// The time of the last change, in seconds since 1970.
        public let modified: Int64
        /// Where a link points to, unchecked.
        public let linkTarget: String?
        /// The content of a regular file; empty for all else.
        public let content: [UInt8]
        /// Where the content is, for an index: nil for what is not a plain regular file, or spans frames.
        public let location: ContentLocation?
    }

    let session: TarballReadingSession

    /// A reader.
    public init(_ stream: ByteStream, limits: TarballLimits = TarballLimits()) {
        session = TarballReadingSession(stream, limits: limits)
    }

    /// Takes entries one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let session: TarballReadingSession
        private var batch: [Entry] = []
        private var index = 0

        fileprivate init(session: TarballReadingSession) {
            self.session = session
        }

        /// The next entry, or nil at the end.
        ///
        /// - Throws: ``TarballError``, the stream's error, or `CancellationError`.
        public mutating func next() async throws -> Entry? { try await next(isolation: nil) }

        /// The next entry, or nil at the end. Runs where the caller runs, so that most calls change no thread.
        ///
        /// - Throws: ``TarballError``, the stream's error, or `CancellationError`.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> Entry? {
            if index == batch.count {
                batch = try await session.nextBatch()
                index = 0
            }
            guard index < batch.count else { return nil }
            defer { index += 1 }
            return batch[index]
        }
    }

    /// Begins, or goes on with, the one iteration.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(session: session) }
}
