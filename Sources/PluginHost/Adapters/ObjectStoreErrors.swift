import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// Makes the errors of a store out of those of calls.
struct StoreErrors: Sendable {
    let store: String
    let limits: PluginLimits

    /// Does what an operation takes; what goes wrong is thrown as an ``ObjectStore`` throws it.
    func during<Value>(_ operation: String, _ key: String?, _ body: () async throws -> Value) async throws -> Value {
        do {
            if let key { try check(key, operation) }
            return try await body()
        } catch {
            throw make(error, operation, key)
        }
    }

    /// The error that an ``ObjectStore`` throws for what went wrong in a call.
    func make(_ error: any Error, _ operation: String, _ key: String?) -> any Error {
        switch error {
        case is CancellationError, is ObjectStoreError: return error
        case let refused as RefusedCall:
            let (kind, retryAfter) = ObjectStoreError.read(refused.status)
            return ObjectStoreError(
                kind ?? .other(code: refused.status.code.description), operation: operation, key: key, store: store,
                reason: refused.error.cause, retryAfter: retryAfter)
        case let failure as PluginError:
            let kind: ObjectStoreError.Kind =
                switch failure.failure {
                case .died, .timedOut, .unreachable: .connection
                case .unsupported: .other(code: "unimplemented")
                case .notRunnable, .notStarted: .invalidConfiguration
                case .tooMuch: .other(code: "too much")
                default: .other(code: "plugin")
                }
            return ObjectStoreError(kind, operation: operation, key: key, store: store, reason: "\(failure)")
        case is IdleTimeout:
            return ObjectStoreError(
                .connection, operation: operation, key: key, store: store,
                reason: "the plugin made no progress for \(limits.idle.components.seconds) s")
        case let failure as SpoolFailure:
            return ObjectStoreError(
                .other(code: "temporary file"), operation: operation, key: key, store: store, reason: failure.reason)
        default:
            return ObjectStoreError(
                .other(code: "plugin"), operation: operation, key: key, store: store, reason: "\(error)")
        }
    }

    /// Refuses what cannot be a key.
    func check(_ key: String, _ operation: String) throws {
        guard let flaw = ObjectKey.flaw(of: key) else { return }
        throw ObjectStoreError(.invalidKey, operation: operation, key: key, store: store, reason: flaw)
    }
}
