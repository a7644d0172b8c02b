import Crypto
import Streams
import Synchronization

/// Holds a body against the checksum that its sender has announced, piece by piece.
package final class BodyVerifier: Sendable {
    /// What is announced, in base64.
    package enum Expectation: Sendable {
        /// CRC-32C, the highest byte first.
        case crc32c(String)
        /// MD5.
        case md5(String)
        /// SHA-256.
        case sha256(String)
    }

    private enum State {
        case crc32c(CRC32C)
        case md5(Insecure.MD5)
        case sha256(SHA256)
    }

    private let expectation: Expectation
    private let state: Mutex<State>

    /// Expects a body with this checksum.
    package init(_ expectation: Expectation) {
        self.expectation = expectation
        state =
            switch expectation {
            case .crc32c: Mutex(.crc32c(CRC32C()))
            case .md5: Mutex(.md5(Insecure.MD5()))
            case .sha256: Mutex(.sha256(SHA256()))
            }
    }

    /// Takes the next bytes.
    package func update(_ bytes: [UInt8]) async throws {
        // Small pieces are hashed in less time than a change of threads takes.
        if bytes.count <= 64 << 10 { return add(bytes) }
        try await BlockingPool.shared.run { self.add(bytes) }
    }

    /// What is wrong with the bytes so far; nil when they are those announced.
    package var flaw: String? {
        let (name, expected) =
            switch expectation {
            case .crc32c(let value): ("CRC-32C", value)
            case .md5(let value): ("MD5", value)
            case .sha256(let value): ("SHA-256", value)
            }
        let found = state.withLock { state in
            switch state {
            case .crc32c(let crc): crc.base64
            case .md5(let hash): base64(hash.finalize())
            case .sha256(let hash): base64(hash.finalize())
            }
        }
        return found == expected ? nil : "its \(name) is \(found) and should be \(expected)"
    }

    func add(_ bytes: [UInt8]) {
        state.withLock { state in
            switch state {
            case .crc32c(var crc):
                crc.update(bytes)
                state = .crc32c(crc)
            case .md5(var hash):
                hash.update(data: bytes)
                state = .md5(hash)
            case .sha256(var hash):
                hash.update(data: bytes)
                state = .sha256(hash)
            }
        }
    }
}
