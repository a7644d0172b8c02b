/// The credential of a plugin, kept until it expires or is refused. Requests that come together share one run.
actor ExecCredential: CredentialProvider {
    /// A credential that has less time left than this is renewed, so that it does not expire on its way.
    private static let margin = 10.0

    private let runner: ExecPluginRunner
    private var current: ExecPluginRunner.Answer?
    private var running: Task<ExecPluginRunner.Answer, any Error>?

    init(_ runner: ExecPluginRunner) { self.runner = runner }

    func credential() async throws -> Credential {
        if let current, current.expiration.map({ $0 - Self.margin > Timestamp.now }) ?? true {
            return current.credential
        }
        return try await run()
    }

    func renew(_ refused: Credential) async throws -> Credential? {
        // Another request may have brought a new one meanwhile.
        if let current, current.credential != refused { return current.credential }
        let renewed = try await run()
        return renewed == refused ? nil : renewed
    }

    private func run() async throws -> Credential {
        let task = running ?? Task { try await runner.run() }
        running = task
        let answer: ExecPluginRunner.Answer
        do {
            answer = try await task.value
        } catch {
            if running == task { running = nil }
            throw error
        }
        if running == task {
            running = nil
            current = answer
        }
        return answer.credential
    }
}
