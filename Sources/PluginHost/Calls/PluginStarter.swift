import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import GodwitModel
import PluginProtocol

/// Brings a program up: starts it, reads where it listens, and sees that it is healthy.
struct PluginStarter: Sendable {
    let path: String
    let options: PluginHostOptions
    private var limits: PluginLimits { options.limits }
    private var program: String { (path as NSString).lastPathComponent }

    init(path: String, options: PluginHostOptions) {
        self.path = path
        self.options = options
    }

    /// Starts the program.
    ///
    /// - Throws: ``PluginError``, `CancellationError`; then nothing of it is left.
    func start() async throws -> PluginConnection {
        try ProgramFile.check(path)
        let begun = ContinuousClock.now
        let scratch: ScratchDirectory
        let process: ProgramProcess
        do {
            scratch = try ScratchDirectory()
            process = try await ProgramProcess.start(launch(scratch))
        } catch let error as ProgramStartError {
            throw failure(.notStarted(error.reason), nil)
        }
        do {
            let handshake = try await handshake(of: process)
            let left = max(limits.startup - (ContinuousClock.now - begun), .seconds(1))
            return try await connect(handshake, process, scratch, within: left)
        } catch {
            process.signal(SIGKILL)
            _ = await Task { try? await process.end.value() }.value
            scratch.remove()
            throw error
        }
    }

    private func launch(_ scratch: ScratchDirectory) -> ProgramProcess.Launch {
        var arguments = ["--log-level", options.logLevel]
        if !options.features.isEmpty { arguments += ["--features", options.features.joined(separator: ",")] }
        return ProgramProcess.Launch(
            path: path, arguments: arguments,
            environment: PluginEnvironment(inherited: options.environment, socketDirectory: scratch.path).variables,
            lineLimits: (Handshake.maximumLength, limits.logLine), log: options.log)
    }

    private func failure(_ failure: PluginError.Failure, _ process: ProgramProcess?) -> PluginError {
        PluginError(
            program: program, plugin: nil, operation: "be used", failure: failure, log: process?.lastLines ?? [])
    }

    private func handshake(of process: ProgramProcess) async throws -> Handshake {
        guard let said = try await process.firstLine.value(within: limits.startup) else {
            throw failure(.silent(limits.startup), process)
        }
        guard let line = said, !line.isEmpty || process.end.current == nil else {
            // It closed its output, which is most often its end.
            guard let end = try await process.end.value(within: limits.answer) else {
                throw failure(.badHandshake(line: "", why: "it closed its standard output"), process)
            }
            throw failure(.endedEarly(end), process)
        }
        do {
            let handshake = try Handshake(parsing: line)
            if case .unix(let path) = handshake.address { try Self.checkSocket(path) }
            return handshake
        } catch {
            // Its log often says more of the reason, and comes at the same time.
            _ = try await process.end.value(within: .milliseconds(200))
            throw failure(.badHandshake(line: String(line.printable.prefix(200)), why: error.description), process)
        }
    }

    /// A socket that another user made could be answered by another program than the one that was started.
    private static func checkSocket(_ path: String) throws(HandshakeFlaw) {
        guard let kind = FileKind(of: path, followingLinks: false) else {
            throw HandshakeFlaw("its socket '\(path)': \(String(cString: strerror(errno)))")
        }
        guard kind.isSocket else { throw HandshakeFlaw("'\(path)' is not a socket") }
        guard kind.owner == geteuid() else {
            throw HandshakeFlaw("the socket '\(path)' belongs to another user (\(kind.owner))")
        }
    }

    private func connect(
        _ handshake: Handshake, _ process: ProgramProcess, _ scratch: ScratchDirectory, within time: Duration
    ) async throws -> PluginConnection {
        let client: PluginClient
        do {
            client = GRPCClient(transport: try transport(to: handshake.address))
        } catch {
            throw failure(.unreachable("\(handshake.address): \(error)"), process)
        }
        let running = Task { try await client.runConnections() }
        do {
            let begun = ContinuousClock.now
            try await checkHealth(client, process, handshake.address, within: time)
            let left = max(time - (ContinuousClock.now - begun), .seconds(1))
            let extensions = try await extensions(client, process, within: left)
            return PluginConnection(
                program: program, process: process, limits: limits, client: client, transport: running,
                extensions: extensions, scratch: scratch)
        } catch {
            running.cancel()
            throw error
        }
    }

    private func transport(to address: Handshake.Address) throws -> HTTP2ClientTransport.Posix {
        // gRPC's backoff would sleep a second after a first refusal.
        let config = HTTP2ClientTransport.Posix.Config.defaults { config in
            config.backoff.initial = .milliseconds(50)
            config.backoff.max = .seconds(1)
            // Servers written with Go's library want a name here, not the path of a socket.
            config.http2.authority = "localhost"
            config.http2.maxFrameSize = PluginConnections.maximumFrame
            // A connection that rests is no reason to make another one.
            config.connection.maxIdleTime = nil
            config.channelDebuggingCallbacks.onCreateTCPConnection = { PluginConnections.prepare($0, of: .client) }
        }
        switch address {
        case .unix(let path):
            return try .http2NIOPosix(
                target: .unixDomainSocket(path: path, authority: "localhost"), transportSecurity: .plaintext,
                config: config)
        case .tcp(let host, let port) where host.contains(":"):
            let bare = host.trimmingCharacters(in: ["[", "]"])
            return try .http2NIOPosix(
                target: .ipv6(address: bare, port: port), transportSecurity: .plaintext, config: config)
        case .tcp(let host, let port):
            return try .http2NIOPosix(
                target: .ipv4(address: host, port: port), transportSecurity: .plaintext, config: config)
        }
    }

    /// The program must say of itself that it serves.
    private func checkHealth(
        _ client: PluginClient, _ process: ProgramProcess, _ address: Handshake.Address, within time: Duration
    ) async throws {
        do {
            let health = try await ask(client, within: time) { client, options in
                try await PluginHealth.check(client, options)
            }
            guard let health else { throw failure(.unhealthy("it does not answer when asked for its health"), process) }
            if let flaw = health.flaw { throw failure(.unhealthy(flaw), process) }
        } catch let error as RPCError {
            if let end = try await process.end.value(within: .milliseconds(500)) { throw failure(.died(end), process) }
            guard error.code != .deadlineExceeded else {
                throw failure(.unhealthy("it does not answer when asked for its health"), process)
            }
            let isNobodyThere = error.code == .unavailable
            throw failure(
                isNobodyThere
                    ? .unreachable("\(address): \(error.message)") : .unhealthy("\(error.code): \(error.message)"),
                process)
        }
    }

    /// What the program serves of Godwit's own services; most programs serve none.
    private func extensions(
        _ client: PluginClient, _ process: ProgramProcess, within time: Duration
    ) async throws -> Set<ExtensionService> {
        do {
            let answer = try await ask(client, within: min(time, limits.answer)) { client, options in
                try await Godwit_V1_Extensions.Client(wrapping: client).describe(.init(), options: options)
            }
            guard let answer else { throw failure(.timedOut(limits.answer), process) }
            return Set(answer.services.prefix(32).compactMap(ExtensionService.init))
        } catch let error as RPCError {
            if error.code == .unimplemented { return [] }
            if let end = try await process.end.value(within: .milliseconds(500)) { throw failure(.died(end), process) }
            throw failure(
                .refused(code: error.code.description, reason: error.message, stack: error.stackFrames), process)
        }
    }

    private func ask<Answer: Sendable>(
        _ client: PluginClient, within time: Duration,
        _ body: @escaping @Sendable (PluginClient, CallOptions) async throws -> Answer
    ) async throws -> Answer? {
        var options = CallOptions.defaults
        options.timeout = time
        options.waitForReady = false
        options.maxResponseMessageBytes = 1 << 20
        let asked = options
        // A little longer than the call's own deadline, which says more.
        return try await withinTime(time + .seconds(1)) { try await body(client, asked) }
    }
}

/// What a program says of its health.
enum PluginHealth {
    /// What is wrong; nil when it serves.
    struct Answer: Sendable {
        let flaw: String?
    }

    static func check(_ client: PluginClient, _ options: CallOptions) async throws -> Answer {
        var request = Grpc_Health_V1_HealthCheckRequest()
        request.service = "plugin"
        let response = try await Grpc_Health_V1_Health.Client(wrapping: client).check(request, options: options)
        return Answer(flaw: response.status == .serving ? nil : "it says of its health: \(response.status)")
    }
}
