import Foundation
import GRPCCore
import PluginProtocol

/// One program: started when it is first called, one process for all its plugins, and started again when it has died.
actor PluginProgram {
    nonisolated let path: String
    nonisolated let options: PluginHostOptions
    private var running: SharedTask<PluginConnection>?
    /// Whose turn it is to ask it about items.
    nonisolated let gate = ItemGate()
    private var starts: [ContinuousClock.Instant] = []
    /// How often in a row it hung without having worked in between.
    private var hangs = 0
    /// How long it answered nothing when it was given up.
    private var hungFor: Duration?
    private var isStopped: Bool

    /// - Parameter isStopped: whether it is never to be started, because its host has stopped.
    init(path: String, options: PluginHostOptions, isStopped: Bool = false) {
        self.path = path
        self.options = options
        self.isStopped = isStopped
    }

    /// The program's file name.
    nonisolated var name: String { (path as NSString).lastPathComponent }

    /// A way to call the program, which is started where it does not run.
    ///
    /// - Throws: ``PluginError``, `CancellationError`.
    func connection() async throws -> PluginConnection {
        while true {
            guard !isStopped else { throw failure(.stopped) }
            if let hungFor { throw failure(.hung(hungFor)) }
            if let running {
                do {
                    let connection = try await running.value
                    if connection.isAlive, try await isHealthy(connection) { return connection }
                    await connection.kill()
                } catch {
                    try Task.checkCancellation()
                    // Each caller gets the failure that it waited for; the next one tries anew.
                    if self.running === running { self.running = nil }
                    throw error
                }
                if self.running === running { self.running = nil }
                continue
            }
            try countStart()
            let starter = PluginStarter(path: path, options: options)
            running = SharedTask { try await starter.start() }
        }
    }

    /// Sees to it that a plugin was initialised with this configuration, in the process that answers now.
    func connection(
        initialised plugin: PluginInit, _ initialise: @escaping @Sendable (PluginConnection) async throws -> Void
    ) async throws -> PluginConnection {
        let connection = try await connection()
        try await connection.initialise(plugin) { try await initialise(connection) }
        return connection
    }

    /// Ends the program for good.
    func stop() async {
        isStopped = true
        guard let running else { return }
        self.running = nil
        running.cancel()
        // A task of its own: a program is ended also when the run was interrupted.
        await Task {
            if let connection = try? await running.value { await connection.end() }
        }.value
    }

    /// What crashed it was an item that is known by now: its starts do not count any more.
    func forgive() { starts = [] }

    /// Ends a process that answered nothing while a call waited for so long, so that the next call starts it anew. One
    /// that hangs again before it has done anything is given up.
    func end(hanging connection: PluginConnection, for time: Duration) async {
        // Several calls find it out at the same time, and one of them counts.
        guard connection.retire() else { return }
        hangs = connection.hasWorked ? 1 : hangs + 1
        if hangs >= Self.hangLimit { hungFor = time }
        await connection.kill()
    }

    private static let hangLimit = 2

    private func failure(_ failure: PluginError.Failure) -> PluginError {
        PluginError(program: name, plugin: nil, operation: "be used", failure: failure)
    }

    private func countStart() throws {
        let limits = options.limits
        let now = ContinuousClock.now
        starts.removeAll { now - $0 > limits.restartWindow }
        guard starts.count <= limits.restarts else { throw failure(.givenUp(restarts: starts.count)) }
        starts.append(now)
    }

    /// - Throws: `CancellationError`, which says nothing of the program's health.
    private func isHealthy(_ connection: PluginConnection) async throws -> Bool {
        // One that works on other calls may be too busy to answer, and they have limits of their own.
        guard !connection.isBusy, connection.quietFor > options.limits.quiet else { return true }
        var call = CallOptions.defaults
        call.timeout = options.limits.answer
        call.waitForReady = false
        do {
            guard try await PluginHealth.check(connection.client, call).flaw == nil else { return false }
        } catch {
            try Task.checkCancellation()
            return false
        }
        connection.noteHealth()
        return true
    }
}
