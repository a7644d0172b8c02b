import GodwitModel
import Streams
import Synchronization

/// A bearer token in a file that somebody else rewrites, such as the kubelet for a service account. It is read again
/// after a minute, and when a server has refused it. If that fails the last token is kept until it is refused.
final class TokenFileCredential: CredentialProvider {
    private struct State {
        var token: String?
        var readAt: ContinuousClock.Instant?
    }

    private let path: String
    private let origin: KubeconfigError.Origin
    private let fallback: String?
    private let lifetime: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - fallback: the token to use while the file has never been readable.
    ///   - lifetime: how long a token is used before the file is read again.
    init(
        path: String, origin: KubeconfigError.Origin, fallback: String? = nil, lifetime: Duration = .seconds(60)
    ) {
        self.lifetime = lifetime
        self.path = path
        self.origin = origin
        self.fallback = fallback
    }

    func credential() async throws -> Credential {
        let (known, readAt) = state.withLock { ($0.token, $0.readAt) }
        if let known, let readAt, ContinuousClock.now - readAt < lifetime { return .bearer(known) }
        do {
            return .bearer(try await read())
        } catch {
            if let kept = known ?? fallback { return .bearer(kept) }
            throw error
        }
    }

    func renew(_ refused: Credential) async throws -> Credential? {
        let renewed = Credential.bearer(try await read())
        return renewed == refused ? nil : renewed
    }

    private func read() async throws -> String {
        let path = path
        let origin = origin
        let token = try await BlockingPool.shared.run {
            let bytes = try SmallFile.read(path, limit: 1 << 20, origin: origin)
            return try HeaderText.checked(bytes, what: "token in \(path)", origin: origin)
        }
        state.withLock { state in
            state.token = token
            state.readAt = .now
        }
        return token
    }
}

/// Text that goes into a header field.
enum HeaderText {
    /// The text without white space around it; control characters inside would forge fields.
    static func checked(
        _ bytes: [UInt8], what: String, origin: KubeconfigError.Origin
    ) throws(KubeconfigError) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let content = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !content.isEmpty else {
            throw KubeconfigError(.invalid, origin, reason: "the \(what) is empty", advice: "log in again")
        }
        guard content.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw KubeconfigError(
                .invalid, origin, reason: "the \(what) holds line breaks or control characters",
                advice: "write it on one line")
        }
        return String(decoding: Array(content), as: UTF8.self)
    }
}
