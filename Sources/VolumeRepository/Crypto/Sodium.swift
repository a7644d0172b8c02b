import CLibSodium

/// The primitives that the repository uses, as libsodium has them. See docs/decisions/0006.
enum Sodium {
    /// Bytes of a key of any kind here.
    static let keyBytes = 32
    /// Bytes that sealing adds: the nonce in front and the tag behind.
    static let sealOverhead = nonceBytes + tagBytes

    private static let nonceBytes = 24
    private static let tagBytes = 16
    private static let isReady = sodium_init() >= 0

    /// Prepares the library, once; it picks the fastest code for this processor.
    static func requireReady() throws {
        guard isReady else {
            throw RepositoryError(.cryptography, subject: "libsodium", reason: "it could not be initialised")
        }
    }

    /// BLAKE2b-256, keyed where a key of 32 bytes is given.
    static func hash(_ content: UnsafeRawBufferPointer, key: Secret?) -> ChunkID {
        var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let length = withUnsafeMutableBytes(of: &digest) { $0.count }
        func hash(_ key: UnsafeRawBufferPointer?) {
            withUnsafeMutableBytes(of: &digest) { output in
                // Fails for lengths that are no constants only.
                guard let output = output.baseAddress else { return }
                _ = crypto_generichash_blake2b(
                    output, length, content.baseAddress, UInt64(content.count), key?.baseAddress,
                    key?.count ?? 0)
            }
        }
        if let key { key.withBytes { hash($0) } } else { hash(nil) }
        return ChunkID(
            words: (digest.0.bigEndian, digest.1.bigEndian, digest.2.bigEndian, digest.3.bigEndian))
    }

    /// A subkey of a master key: BLAKE2b-256 with the number as salt and `context`, 8 bytes, as personalisation.
    static func subkey(_ number: UInt64, of master: Secret, context: StaticString) throws -> Secret {
        try Secret(count: keyBytes) { output in
            let result = try master.withPointer { master in
                crypto_kdf_derive_from_key(try output.start, output.count, number, context.utf8Start, master)
            }
            guard result == 0 else { throw RepositoryError(.cryptography, subject: "a subkey", reason: nil) }
        }
    }

    /// XChaCha20-Poly1305 with a random nonce: `nonce || ciphertext || tag`.
    ///
    /// - Parameter context: bound to the ciphertext, which opens with an equal one only.
    static func seal(_ content: UnsafeRawBufferPointer, context: [UInt8], key: Secret) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: content.count + sealOverhead) { output, count in
            guard let base = output.baseAddress else { return }
            randombytes_buf(base, nonceBytes)
            var written: UInt64 = 0
            // Has no way to fail.
            _ = key.withPointer { key in
                crypto_aead_xchacha20poly1305_ietf_encrypt(
                    base + nonceBytes, &written, content.baseAddress, UInt64(content.count), context,
                    UInt64(context.count), nil, base, key)
            }
            count = nonceBytes + Int(written)
        }
    }

    /// What ``seal(_:context:key:)`` sealed; nil when a bit of it, its context or the key is another.
    static func open(_ sealed: UnsafeRawBufferPointer, context: [UInt8], key: Secret) -> [UInt8]? {
        guard sealed.count >= sealOverhead, let base = sealed.bindMemory(to: UInt8.self).baseAddress else { return nil }
        var isGenuine = false
        let content = [UInt8](unsafeUninitializedCapacity: sealed.count - sealOverhead) { output, count in
            let result = key.withPointer { key in
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    output.baseAddress, nil, nil, base + nonceBytes, UInt64(sealed.count - nonceBytes), context,
                    UInt64(context.count), base, key)
            }
            isGenuine = result == 0
            count = isGenuine ? sealed.count - sealOverhead : 0
        }
        return isGenuine ? content : nil
    }

    /// Argon2id 1.3 with one lane.
    static func stretch(_ secret: Secret, salt: [UInt8], cost: KeyDerivationCost) throws -> Secret {
        try Secret(count: keyBytes) { output in
            let result = try secret.withBytes { bytes in
                crypto_pwhash_argon2id(
                    try output.start, UInt64(output.count), try bytes.start, UInt64(bytes.count), salt,
                    UInt64(cost.operations), cost.memory, crypto_pwhash_argon2id_alg_argon2id13())
            }
            guard result == 0 else {
                throw RepositoryError(
                    .cryptography, subject: "the key of a password",
                    reason: "Argon2id needs \(cost.memory >> 20) MiB of memory, which is not there")
            }
        }
    }

    /// Random bytes for ids and salts.
    static func randomBytes(_ count: Int) throws -> [UInt8] {
        try requireReady()
        return [UInt8](unsafeUninitializedCapacity: count) { output, written in
            guard let base = output.baseAddress else { return }
            randombytes_buf(base, count)
            written = count
        }
    }
}

/// What it costs to make a key of a password.
public struct KeyDerivationCost: Sendable, Hashable {
    /// Passes over the memory.
    public let operations: Int
    /// Bytes of memory.
    public let memory: Int

    /// Three passes over 64 MiB, RFC 9106's second recommendation but with one lane.
    public static let standard = KeyDerivationCost(uncheckedOperations: 3, memory: 64 << 20)

    /// A cost within what a reader accepts: 1 to 16 passes over 8 KiB to 1 GiB; nil for another.
    public init?(operations: Int, memory: Int) {
        guard (1...16).contains(operations), (8 << 10...1 << 30).contains(memory) else { return nil }
        self.init(uncheckedOperations: operations, memory: memory)
    }

    private init(uncheckedOperations operations: Int, memory: Int) {
        self.operations = operations
        self.memory = memory
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The first byte of memory that is not empty.
    fileprivate var start: UnsafeMutablePointer<UInt8> {
        get throws { try UnsafeMutablePointer(mutating: UnsafeRawBufferPointer(self).start) }
    }
}

extension UnsafeRawBufferPointer {
    /// The first byte of memory that is not empty.
    fileprivate var start: UnsafePointer<UInt8> {
        get throws {
            guard let base = bindMemory(to: UInt8.self).baseAddress else {
                throw RepositoryError(.cryptography, subject: "a key of nothing")
            }
            return base
        }
    }
}
