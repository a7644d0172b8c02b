import GRPCCore

/// What a call about items that failed says.
enum CallBlame: Sendable {
    /// The program answered: it is about what it was asked.
    case item
    /// The program ended, of one of the items that it was asked about at that time.
    case crash
    /// No answer came in time.
    case silence
    /// The program cannot be used, whatever it is asked.
    case program

    init(_ error: any Error) {
        switch (RefusedCall.plain(error) as? PluginError)?.failure {
        case .refused, .badAnswer, .tooMuch: self = .item
        case .died, .unreachable: self = .crash
        case .timedOut: self = .silence
        default: self = .program
        }
    }

    /// Whether a call about several items may have failed because of one of them, or because they were too many.
    var mayBeItems: Bool { self != .program }
}

extension PluginLink {
    /// Makes a call about an item; see ``askingAboutItem(_:)``.
    func callAboutItem<Answer: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (PluginClient, CallOptions) async throws -> Answer
    ) async throws -> Answer {
        try await askingAboutItem { try await call(operation, body) }
    }

    /// Asks about an item beside others; once more alone where the program ended meanwhile, which may have been of one of
    /// the others.
    func askingAboutItem<Answer>(_ ask: () async throws -> Answer) async throws -> Answer {
        do {
            return try await program.gate.during(.item, ask)
        } catch  where CallBlame(error) == .crash {
            return try await askingAlone(ask)
        }
    }

    /// Asks about an item while nothing else is asked about items. An answer explains the crashes before it: they were of
    /// another item.
    func askingAlone<Answer>(_ ask: () async throws -> Answer) async throws -> Answer {
        try await program.gate.during(.alone) {
            do {
                let answer = try await ask()
                await program.forgive()
                return answer
            } catch {
                if CallBlame(error) == .item { await program.forgive() }
                throw error
            }
        }
    }
}
