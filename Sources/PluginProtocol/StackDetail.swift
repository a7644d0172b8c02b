package import GRPCCore
import GRPCProtobuf
import SwiftProtobuf

extension RPCError {
    /// Where in the plugin the error came from, `file:line function`, innermost first, as Velero's plugins say it in
    /// the status's details; empty where they do not.
    package var stackFrames: [String] {
        for bytes in metadata[binaryValues: "grpc-status-details-bin"] {
            guard let status = try? Google_Rpc_Status(serializedBytes: bytes) else { continue }
            for detail in status.details where detail.isA(Generated_Stack.self) {
                guard let stack = try? Generated_Stack(unpackingAny: detail) else { continue }
                return stack.frames.prefix(20).map { "\($0.file):\($0.line) \($0.function)" }
            }
        }
        return []
    }

    /// Adds a stack to the details, as Velero's plugins do.
    package mutating func add(stack frames: [(file: String, line: Int32, function: String)]) throws {
        var stack = Generated_Stack()
        stack.frames = frames.map { frame in
            var wire = Generated_StackFrame()
            (wire.file, wire.line, wire.function) = frame
            return wire
        }
        var status = Google_Rpc_Status()
        status.code = Int32(code.rawValue)
        status.message = message
        status.details = [try Google_Protobuf_Any(message: stack)]
        metadata.addBinary(try status.serializedBytes(), forKey: "grpc-status-details-bin")
    }
}
