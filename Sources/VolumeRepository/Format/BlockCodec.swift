import GodwitModel
import Synchronization
import Tarball

/// Turns content into its stored form and back: compressed, then sealed where the repository is encrypted.
///
/// All of it computes and blocks, so it belongs on `BlockingPool`. Any number of threads may call at once.
final class BlockCodec: Sendable {
    /// The largest content of an index, pack index or snapshot.
    static let maximumDocument = 64 << 20
    /// How much longer than the largest chunk's content its stored form can be.
    static let maximumExpansion = 64 << 10
    /// The largest stored form of a chunk.
    static let maximumStored = ChunkLimits.maximumContent + maximumExpansion

    let cipher: RepositoryCipher
    private let level: Int
    private let idle = Mutex<[Worker]>([])

    init(cipher: RepositoryCipher, level: Int) {
        self.cipher = cipher
        self.level = level
    }

    /// The stored form of a chunk.
    func encode(chunk content: UnsafeRawBufferPointer, id: ChunkID) throws -> [UInt8] {
        try withWorker { try $0.withFrame(of: content) { cipher.seal($0, context: id.bytes) } }
    }

    /// The content of a chunk from its stored form, checked against its id.
    ///
    /// - Parameter size: the length of the content if it is known.
    /// - Throws: ``RepositoryError/Kind/damaged``.
    func decode(chunk stored: UnsafeRawBufferPointer, id: ChunkID, size: Int? = nil) throws -> [UInt8] {
        let content = try decompress(stored, context: id.bytes, size: size, limit: ChunkLimits.maximumContent) {
            "chunk \(id)"
        }
        guard cipher.id(of: content) == id else {
            throw RepositoryError(.damaged, subject: "chunk \(id)", reason: "its content is not what its id says")
        }
        return content
    }

    /// The stored form of a document that is compressed.
    func encode(document: [UInt8], context: [UInt8]) throws -> [UInt8] {
        try withWorker { worker in
            try document.withUnsafeBytes { document in
                try worker.withFrame(of: document) { cipher.seal($0, context: context) }
            }
        }
    }

    /// A document from its stored form.
    func decode(document stored: [UInt8], context: [UInt8], key: String) throws -> [UInt8] {
        try stored.withUnsafeBytes { stored in
            try decompress(stored, context: context, size: nil, limit: Self.maximumDocument) { key }
        }
    }

    private func decompress(
        _ stored: UnsafeRawBufferPointer, context: [UInt8], size: Int?, limit: Int, subject: () -> String
    ) throws -> [UInt8] {
        let content = try cipher.withOpened(stored, context: context) { frame -> [UInt8] in
            guard let declared = ZstdFrame.declaredSize(frame), declared <= UInt64(limit),
                size == nil || size == Int(declared)
            else { throw RepositoryError(.damaged, subject: subject(), reason: "its frame's size is not as expected") }
            do {
                return try withWorker { try $0.codec.decompress(frame, size: Int(declared)) }
            } catch let error as TarballError {
                throw RepositoryError(.damaged, subject: subject(), reason: error.description)
            }
        }
        guard let content else {
            throw RepositoryError(.damaged, subject: subject(), reason: "it does not open with the repository's key")
        }
        return content
    }

    private func withWorker<Value>(_ body: (Worker) throws -> Value) throws -> Value {
        let worker = try idle.withLock { $0.popLast() } ?? Worker(level: level)
        defer { idle.withLock { $0.append(worker) } }
        return try body(worker)
    }
}

/// The compression contexts of one thread, and the memory that it compresses into.
// The codecs' C handles and the memory belong to one thread at a time: whoever has taken the worker out of the list of
// idle ones.
private final class Worker: @unchecked Sendable {
    let codec: ZstdBlockCodec
    private let probe: ZstdBlockCodec
    /// Kept from chunk to chunk, since megabytes that are allocated and freed for each would cost page faults, or stay
    /// with the allocator in holes.
    private var output = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    init(level: Int) throws {
        codec = try ZstdBlockCodec(level: level)
        probe = try ZstdBlockCodec(level: 1)
    }

    deinit { output.deallocate() }

    /// Lends the one frame of some content to a function; content that samples show not to get smaller is taken as it is.
    func withFrame<Value>(
        of content: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value {
        makeRoom(max(ZstdBlockCodec.bound(of: content.count), ZstdFrame.rawSize(of: content.count)))
        var length = content.count
        if try !isIncompressible(content) { length = try codec.compress(content, into: output) }
        if length >= content.count { length = ZstdFrame.raw(content, into: output) }
        defer { if output.count > BlockCodec.maximumStored { makeRoom(nil) } }
        return try body(UnsafeRawBufferPointer(rebasing: output[..<length]))
    }

    /// Makes the memory large enough; nil gives it back, after an index that was larger than any chunk.
    private func makeRoom(_ count: Int?) {
        if let count, count <= output.count { return }
        output.deallocate()
        output =
            if let count { .allocate(byteCount: count, alignment: 16) } else { .init(start: nil, count: 0) }
    }

    /// Three samples, a sixteenth of the content at most, decide.
    private func isIncompressible(_ content: UnsafeRawBufferPointer) throws -> Bool {
        let sample = 8 << 10
        guard content.count >= 48 * sample else { return false }
        for start in [0, content.count / 2, content.count - sample] {
            let piece = UnsafeRawBufferPointer(rebasing: content[start..<(start + sample)])
            if try probe.compress(piece).count < sample - sample / 64 { return false }
        }
        return true
    }
}
