import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// Runs the work of a call: it is cancelled when the host gives the call up, and what it throws travels with its kind.
func serving<Value: Sendable>(
    _ context: ServerContext, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let task = Task { try await body() }
    return try await withTaskCancellationHandler {
        try await withRPCCancellationHandler {
            do {
                return try await task.value
            } catch {
                throw wireError(error)
            }
        } onCancelRPC: {
            task.cancel()
        }
    } onCancel: {
        task.cancel()
    }
}

/// An error as it travels: in a header, and gRPC takes headers of 16 KiB in all. A longer one would end the connection,
/// and with it every other call.
func wireError(_ error: any Error) -> RPCError {
    var wire =
        switch error {
        case let error as RPCError: error
        case let error as ObjectStoreError: error.wire
        case let error as VolumeSnapshotError: error.wire
        case is CancellationError: RPCError(code: .cancelled, message: "cancelled")
        default: RPCError(code: .unknown, message: "\(error)")
        }
    wire.message = wire.message.shortened(toBytes: 2000)
    return wire
}

extension String {
    /// The first characters, as many as fit.
    func shortened(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = startIndex
        var size = 0
        while end < endIndex {
            let next = index(after: end)
            size += self[end..<next].utf8.count
            guard size <= limit else { break }
            end = next
        }
        return self[..<end] + " …"
    }
}

/// The plugin of a name.
func plugin<Plugin>(_ name: String, in plugins: [String: Plugin]) throws -> Plugin {
    guard let plugin = plugins[name] else {
        throw RPCError(code: .invalidArgument, message: "there is no plugin '\(name)' of this kind here")
    }
    return plugin
}

/// An item, Backup or Restore in a request.
func parsed<Value>(_ bytes: Data, _ what: String, _ read: ([UInt8]) throws -> Value) throws -> Value {
    do {
        return try read(Array(bytes))
    } catch {
        throw RPCError(code: .invalidArgument, message: "the \(what) in the request cannot be read: \(error)")
    }
}

/// An object in a request.
func item(_ bytes: Data) throws -> KubernetesObject { try parsed(bytes, "item") { try KubernetesObject(parsing: $0) } }

/// The Backup in a request; hosts send an empty one where there is none.
func backup(_ bytes: Data) throws -> Backup {
    try parsed(bytes, "backup") { bytes in
        if bytes.isEmpty { return Backup(name: "") }
        return try Backup(json: try JSONValue(parsing: bytes))
    }
}

/// The Restore in a request.
func restore(_ bytes: Data) throws -> Restore {
    try parsed(bytes, "restore") { bytes in
        if bytes.isEmpty { return Restore(name: "", spec: RestoreSpec(backupName: "")) }
        return try Restore(json: try JSONValue(parsing: bytes))
    }
}
