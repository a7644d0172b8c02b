/// The keys of an open repository and what is done with them; a repository without encryption has none.
struct RepositoryCipher: Sendable {
    private struct Keys: Sendable {
        let hash: Secret
        let encryption: Secret
    }

    private let keys: Keys?
    /// What the cutting of files begins with: secret where the repository is encrypted, 0 elsewhere.
    let chunkerSeed: UInt64

    /// No encryption.
    static let none = RepositoryCipher(keys: nil, chunkerSeed: 0)

    private init(keys: Keys?, chunkerSeed: UInt64) {
        self.keys = keys
        self.chunkerSeed = chunkerSeed
    }

    /// The keys that follow from a master key.
    init(master: Secret) throws {
        keys = Keys(
            hash: try Sodium.subkey(1, of: master, context: "godwit-1"),
            encryption: try Sodium.subkey(2, of: master, context: "godwit-1"))
        let seed = try Sodium.subkey(3, of: master, context: "godwit-1")
        chunkerSeed = seed.withBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    }

    /// Whether what is stored is encrypted.
    var isEncrypting: Bool { keys != nil }

    /// Bytes that encryption adds to whatever is stored.
    var overhead: Int { isEncrypting ? Sodium.sealOverhead : 0 }

    /// The id of content: BLAKE2b-256, keyed where there is encryption.
    func id(of content: UnsafeRawBufferPointer) -> ChunkID { Sodium.hash(content, key: keys?.hash) }

    /// The id of content.
    func id(of content: [UInt8]) -> ChunkID { content.withUnsafeBytes { id(of: $0) } }

    /// The stored form of bytes: sealed for this context, or the bytes as they are.
    func seal(_ content: [UInt8], context: [UInt8]) -> [UInt8] {
        guard isEncrypting else { return content }
        return content.withUnsafeBytes { seal($0, context: context) }
    }

    /// The stored form of bytes.
    func seal(_ content: UnsafeRawBufferPointer, context: [UInt8]) -> [UInt8] {
        guard let keys else { return Array(content) }
        return Sodium.seal(content, context: context, key: keys.encryption)
    }

    /// Lends the bytes of a stored form to a function; nil when they are not what was sealed for this context.
    func withOpened<Value>(
        _ stored: UnsafeRawBufferPointer, context: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Value
    ) rethrows -> Value? {
        guard let keys else { return try body(stored) }
        guard let content = Sodium.open(stored, context: context, key: keys.encryption) else { return nil }
        return try content.withUnsafeBytes { try body($0) }
    }
}
