import GRPCCore
import Foundation
import GodwitModel
import PluginProtocol

/// A call of a plugin: within limits, and with errors that name the plugin.
struct PluginCall: Sendable {
    let program: PluginProgram
    /// The plugin's name; nil for a call about the whole program.
    let plugin: String?
    /// What is done, in words that follow "cannot".
    let operation: String

    private var limits: PluginLimits { program.options.limits }

    /// Makes a call that has one answer.
    ///
    /// A program that answers nothing at all until a call without a limit of its own has run out is ended.
    ///
    /// - Parameter timeout: for calls that are no work of the plugin's, and for streams, whose steps have a limit.
    /// - Throws: ``PluginError``, ``RefusedCall``, `CancellationError`.
    func run<Answer: Sendable>(
        on connection: PluginConnection, timeout: Duration? = nil, maximum: Int? = nil,
        _ body: @escaping @Sendable (PluginClient, CallOptions) async throws -> Answer
    ) async throws -> Answer {
        let time = timeout ?? limits.call
        var options = CallOptions.defaults
        options.timeout = time
        options.waitForReady = false
        options.maxResponseMessageBytes = maximum ?? limits.message
        let begun = ContinuousClock.now
        let answers = connection.answers
        do {
            let answer = try await connection.calling { try await body(connection.client, options) }
            connection.noteAnswer(isWork: timeout == nil)
            return answer
        } catch {
            // The program's own deadlines, which travel by the same code, are no answer of ours that is missing.
            let hasRunOut = (ContinuousClock.now - begun) * 10 >= time * 9
            let failure = await translate(
                error, connection, time: hasRunOut ? time : nil, maximum: options.maxResponseMessageBytes ?? 0)
            switch failure {
            case is RefusedCall: connection.noteAnswer(isWork: timeout == nil)
            case let failure as PluginError where failure.failure == .timedOut(time) && timeout == nil:
                if connection.answers == answers { await program.end(hanging: connection, for: time) }
            default: break
            }
            throw failure
        }
    }

    /// What a failure of a call means.
    ///
    /// - Parameter time: the call's limit, where it has run out.
    private func translate(
        _ error: any Error, _ connection: PluginConnection, time: Duration?, maximum: Int
    ) async -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        if let error = error as? PluginError { return error }
        if error is RuntimeError, let end = await Self.end(of: connection.process, within: .milliseconds(500)) {
            // The connection is closed when its program has ended.
            return failure(.died(end), connection)
        }
        guard let error = error as? RPCError else {
            return failure(.badAnswer("\(error)"), connection)
        }
        if let time, error.code == .deadlineExceeded || error.code == .cancelled {
            return failure(.timedOut(time), connection)
        }
        switch error.code {
        case .unimplemented: return failure(.unsupported(error.message), connection)
        case _ where error.isOwnLimit:
            return failure(.tooMuch("a message of more than \(maximum >> 20) MiB"), connection)
        case .unavailable, .unknown, .internalError, .cancelled, .deadlineExceeded:
            // A program that dies takes its connection along; a moment later the system says that it has ended.
            let wait: Duration = error.isTransports && !error.namesKind ? .milliseconds(500) : .zero
            if let end = await Self.end(of: connection.process, within: wait) {
                return failure(.died(end), connection)
            }
            if error.isTransports, !error.namesKind { return failure(.unreachable(error.message), connection) }
            return refusal(error, connection)
        default: return refusal(error, connection)
        }
    }

    private func refusal(_ error: RPCError, _ connection: PluginConnection) -> any Error {
        RefusedCall(
            error: failure(
                .refused(
                    code: error.code.description, reason: String(error.message.printable.prefix(2000)),
                    stack: error.stackFrames.map { String($0.printable.prefix(200)) }),
                connection),
            status: error)
    }

    /// An error about this call.
    func failure(_ failure: PluginError.Failure, _ connection: PluginConnection?) -> PluginError {
        let showsLog: Bool =
            switch failure {
            // A plugin that says itself why it refuses needs no log to explain it.
            case .refused, .unsupported, .stopped: false
            default: true
            }
        return PluginError(
            program: program.name, plugin: plugin, operation: operation, failure: failure,
            log: showsLog ? connection?.process.lastLines ?? [] : [])
    }

    private static func end(of process: ProgramProcess, within time: Duration) async -> ProgramEnd? {
        if let end = process.end.current { return end }
        guard time > .zero else { return nil }
        return (try? await process.end.value(within: time)) ?? nil
    }
}

/// A plugin said no, with what travelled of its reason.
struct RefusedCall: Error, CustomStringConvertible {
    let error: PluginError
    let status: RPCError

    var description: String { error.description }

    /// What a caller without a use for the status sees.
    static func plain(_ error: any Error) -> any Error { (error as? RefusedCall)?.error ?? error }
}

extension RPCError {
    /// Whether the connection, not the program, says so.
    fileprivate var isTransports: Bool { code == .unavailable || cause != nil }

    /// Whether the program says itself what went wrong, whatever the code.
    fileprivate var namesKind: Bool { metadata[stringValues: WireErrors.kindKey].contains { _ in true } }

    /// Whether a message was longer than we take; a program may use the same code for its own reasons.
    fileprivate var isOwnLimit: Bool { message.contains("configured maximum payload size") }
}
