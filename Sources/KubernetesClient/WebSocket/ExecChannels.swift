import GodwitModel

/// Gathers what a command writes, by the channels of v4.channel.k8s.io and v5.channel.k8s.io: the first byte of a
/// message names its channel.
struct ExecChannels {
    /// What is kept of each output.
    static let outputLimit = 64 << 10

    private enum Channel: UInt8 {
        case standardInput = 0
        case standardOutput = 1
        case standardError = 2
        /// A Status, when the command has ended.
        case outcome = 3
        case resize = 4
        /// v5: the other side will send no more on a channel.
        case close = 255
    }

    private(set) var standardOutput: [UInt8] = []
    private(set) var standardError: [UInt8] = []
    /// The Status, once the command has ended.
    private(set) var outcome: APIStatus?
    private(set) var isSuccess = false

    /// Takes a message.
    mutating func receive(_ message: [UInt8]) throws(WebSocketError) {
        // An empty message, or one of a channel byte only, opens the channels.
        guard let first = message.first else { return }
        guard let channel = Channel(rawValue: first) else { throw WebSocketError("unknown channel \(first)") }
        let content = message.dropFirst()
        switch channel {
        case .standardOutput: standardOutput += content.prefix(Self.outputLimit - standardOutput.count)
        case .standardError: standardError += content.prefix(Self.outputLimit - standardError.count)
        case .outcome: try end(Array(content))
        case .standardInput, .resize, .close: return
        }
    }

    private mutating func end(_ content: [UInt8]) throws(WebSocketError) {
        if content.isEmpty { return }
        // Container runtimes leave `kind` and `apiVersion` out.
        guard let document = try? JSONValue(parsing: content), (document["kind"]?.string ?? "Status") == "Status",
            let status = document["status"]?.string
        else { throw WebSocketError("the outcome is no Status") }
        isSuccess = status == "Success"
        outcome = APIStatus(document, httpStatus: 500)
    }

    /// The exit code of a command that ran; nil when it has not ended, or could not be run.
    var exitCode: Int? {
        guard let outcome else { return nil }
        if isSuccess { return 0 }
        guard outcome.reason == "NonZeroExitCode" else { return nil }
        return outcome.causes.first { $0.reason == "ExitCode" }.flatMap { Int($0.message) }
    }
}
