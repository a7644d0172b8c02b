import CLibSodium

/// A few secret bytes in memory that is locked, kept out of core dumps, fenced by guard pages, and wiped when released.
///
/// Nothing prints them: the type has no description of its content.
// The memory is written in the initialiser only and read-only from then on, so that threads may share it.
final class Secret: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    /// How many bytes.
    let count: Int

    /// A secret of so many bytes, at least one, which a function writes.
    ///
    /// - Throws: ``RepositoryError`` when there is no such memory, or what the function throws.
    init(count: Int, writing write: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
        try Sodium.requireReady()
        guard let base = sodium_malloc(max(1, count)) else {
            throw RepositoryError(.cryptography, subject: "memory for keys", reason: "there is none left")
        }
        self.base = base
        self.count = count
        do {
            try write(UnsafeMutableRawBufferPointer(start: base, count: count))
        } catch {
            sodium_free(base)
            throw error
        }
        sodium_mprotect_readonly(base)
    }

    /// A secret copied from bytes, whose other copies the caller should wipe.
    convenience init(copying bytes: some Collection<UInt8>) throws {
        try self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// A secret from an array that nobody else has, which is wiped.
    convenience init(consuming bytes: consuming [UInt8]) throws {
        var bytes = bytes
        try self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
        bytes.withUnsafeMutableBytes { if let base = $0.baseAddress { sodium_memzero(base, $0.count) } }
    }

    /// A new random secret.
    convenience init(randomBytes count: Int) throws {
        try self.init(count: count) { if let base = $0.baseAddress { randombytes_buf(base, $0.count) } }
    }

    deinit { sodium_free(base) }

    /// Lends the bytes.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(start: base, count: count)) }
    }

    /// Lends the bytes as C wants a key.
    func withPointer<Value>(_ body: (UnsafePointer<UInt8>) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) { try body(UnsafePointer(base.assumingMemoryBound(to: UInt8.self))) }
    }
}
