import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import PluginProtocol
import SwiftProtobuf
import Synchronization

typealias PluginTransport = HTTP2ClientTransport.Posix
typealias PluginClient = GRPCClient<PluginTransport>

/// A program that runs and has shown that it is healthy, and the way to call it.
final class PluginConnection: Sendable {
    /// The program's file name.
    let program: String
    let process: ProgramProcess
    let limits: PluginLimits
    let client: PluginClient
    /// What it serves beside Velero's services.
    let extensions: Set<ExtensionService>
    private let transport: Task<Void, any Error>
    private let standardOutput: Task<Void, Never>
    private let scratch: ScratchDirectory

    private struct State {
        /// What was initialised, and with what.
        var initialised: [PluginInit: SharedTask<Void>] = [:]
        var lastAnswer = ContinuousClock.now
        var answers = 0
        var hasWorked = false
        var callsUnderWay = 0
        var isEnding = false
    }

    private let state = Mutex(State())

    init(
        program: String, process: ProgramProcess, limits: PluginLimits, client: PluginClient,
        transport: Task<Void, any Error>, extensions: Set<ExtensionService>, scratch: ScratchDirectory
    ) {
        self.program = program
        self.process = process
        self.limits = limits
        self.client = client
        self.transport = transport
        self.extensions = extensions
        self.scratch = scratch
        standardOutput = Task { await Self.drainStandardOutput(client) }
    }

    /// Whether calls can still go to it.
    var isAlive: Bool { process.end.current == nil && !state.withLock { $0.isEnding } }

    /// How long ago it last answered something.
    var quietFor: Duration { ContinuousClock.now - state.withLock { $0.lastAnswer } }

    /// Whether it works on calls.
    var isBusy: Bool { state.withLock { $0.callsUnderWay > 0 } }

    /// How many answers to calls were noted.
    var answers: Int { state.withLock { $0.answers } }

    /// Whether one of them was of its work.
    var hasWorked: Bool { state.withLock { $0.hasWorked } }

    /// Notes that it is healthy, which says nothing of its work.
    func noteHealth() { state.withLock { $0.lastAnswer = .now } }

    /// Notes that it answered a call, or sent a piece of an answer.
    ///
    /// - Parameter isWork: whether it was asked for what it is there for, not after what it is.
    func noteAnswer(isWork: Bool = true) {
        state.withLock { state in
            state.lastAnswer = .now
            state.answers += 1
            if isWork { state.hasWorked = true }
        }
    }

    /// Makes a call, which counts as under way meanwhile.
    func calling<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        state.withLock { $0.callsUnderWay += 1 }
        defer { state.withLock { $0.callsUnderWay -= 1 } }
        return try await body()
    }

    /// From now on no call goes to it; false where that was so already.
    func retire() -> Bool {
        state.withLock { state in
            defer { state.isEnding = true }
            return !state.isEnding
        }
    }

    /// Sees to it that a plugin of this program was initialised with a configuration, once.
    func initialise(_ plugin: PluginInit, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = state.withLock { state in
            if let known = state.initialised[plugin] { return known }
            let task = SharedTask { try await body() }
            state.initialised[plugin] = task
            return task
        }
        do {
            try await task.value
        } catch {
            try Task.checkCancellation()
            state.withLock { if $0.initialised[plugin] === task { $0.initialised[plugin] = nil } }
            throw error
        }
    }

    /// Go's programs send what they print through a call, and wait when nobody makes it. The lines are in standard
    /// error as well where they are logged, so that they are only taken out of the way.
    private static func drainStandardOutput(_ client: PluginClient) async {
        let stdio = Plugin_GRPCStdio.Client(wrapping: client)
        // A program that does not serve it says so, which is fine.
        try? await stdio.streamStdio(.init()) { response in
            for try await _ in response.messages {}
        }
    }

    /// Ends the program: asks it to, and makes it when it does not.
    func end() async {
        state.withLock { $0.isEnding = true }
        standardOutput.cancel()
        let client = client
        let limits = limits
        if process.end.current == nil {
            var options = CallOptions.defaults
            options.timeout = limits.shutdown
            options.waitForReady = false
            let asked = options
            // Uncancelled on purpose: a program is ended also when the run was interrupted.
            let wasTold = await Task {
                let controller = Plugin_GRPCController.Client(wrapping: client)
                return (try? await controller.shutdown(.init(), options: asked)) != nil
            }.value
            await terminate(isEnding: wasTold)
        }
        transport.cancel()
        client.beginGracefulShutdown()
        scratch.remove()
    }

    /// Ends the program without asking it.
    func kill() async {
        state.withLock { $0.isEnding = true }
        standardOutput.cancel()
        process.signal(SIGKILL)
        _ = await Task { try? await process.end.value() }.value
        transport.cancel()
        scratch.remove()
    }

    /// - Parameter isEnding: the program was told and has understood; many programs cannot be told.
    private func terminate(isEnding: Bool) async {
        let process = process
        let time = limits.shutdown
        await Task {
            if isEnding, (try? await process.end.value(within: time)) ?? nil != nil { return }
            process.signal(SIGTERM)
            if (try? await process.end.value(within: time)) ?? nil != nil { return }
            process.signal(SIGKILL)
            _ = try? await process.end.value()
        }.value
    }
}

/// A plugin and what it is initialised with.
struct PluginInit: Hashable, Sendable {
    let kind: String
    let plugin: String
    let configuration: [String: String]
}

/// A directory of a program's own for its socket, removed with it.
final class ScratchDirectory: Sendable {
    let path: String

    /// - Throws: ``ProgramStartError``.
    init() throws {
        // Short, because a socket's path has at most 107 bytes.
        var template = Array("/tmp/godwit-plugin-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ProgramStartError(code: errno) }
        path = String(cString: made)
    }

    deinit { remove() }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
