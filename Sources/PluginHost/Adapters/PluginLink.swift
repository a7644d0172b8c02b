import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// What an adapter calls its plugin through.
struct PluginLink: Sendable {
    let program: PluginProgram
    /// The plugin's name.
    let name: String
    /// How it is initialised before its first call in a process; nil where its kind has no such thing.
    var initialisation: (plugin: PluginInit, call: @Sendable (PluginConnection) async throws -> Void)?

    init(_ plugin: ExternalPlugin, program: PluginProgram) {
        self.program = program
        name = plugin.name
    }

    var limits: PluginLimits { program.options.limits }

    /// The running program, with the plugin initialised.
    func connection() async throws -> PluginConnection {
        guard let initialisation else { return try await program.connection() }
        return try await program.connection(initialised: initialisation.plugin, initialisation.call)
    }

    /// Makes a call that has one answer.
    ///
    /// - Throws: ``PluginError``, ``RefusedCall``, `CancellationError`.
    func call<Answer: Sendable>(
        _ operation: String, timeout: Duration? = nil, maximum: Int? = nil,
        _ body: @escaping @Sendable (PluginClient, CallOptions) async throws -> Answer
    ) async throws -> Answer {
        try await PluginCall(program: program, plugin: name, operation: operation).run(
            on: try await connection(), timeout: timeout, maximum: maximum, body)
    }

    /// An error that says that an answer makes no sense.
    func badAnswer(_ operation: String, _ why: String) -> PluginError {
        PluginError(program: program.name, plugin: name, operation: operation, failure: .badAnswer(why))
    }

    /// Identities that an answer names, checked.
    func identities(_ wire: [Generated_ResourceIdentifier], _ operation: String) throws -> [ItemIdentity] {
        guard wire.count <= limits.items else {
            throw PluginError(
                program: program.name, plugin: name, operation: operation,
                failure: .tooMuch("\(wire.count) items; \(limits.items) are the limit"))
        }
        return try wire.map { identifier in
            guard !identifier.resource.isEmpty, !identifier.name.isEmpty else {
                throw badAnswer(operation, "it names an item without resource or name")
            }
            let parts = [identifier.group, identifier.resource, identifier.namespace, identifier.name]
            guard
                parts.allSatisfy({ part in part.utf8.count <= 253 && !part.utf8.contains { $0 < 0x21 || $0 == 0x2F } })
            else { throw badAnswer(operation, "it names an item by what cannot be a name") }
            return ItemIdentity(wire: identifier)
        }
    }

    /// An operation's id in an answer, checked; nil where nothing was begun.
    func operationID(_ id: String) throws -> String? {
        guard id.utf8.count <= 1024, id.printable == id else {
            throw badAnswer("look at an item", "its operation's id is too long, or cannot be printed")
        }
        return id.isEmpty ? nil : id
    }

    /// Cancels the operation that an answer has begun which makes no sense, as nobody would wait for it.
    ///
    /// - Returns: why the answer makes no sense, and what became of its operation.
    /// - Throws: `CancellationError`.
    func abandoning(
        _ id: String, after error: any Error, _ cancel: (String) async throws -> Void
    ) async throws -> any Error {
        guard let error = error as? PluginError, let operation = try? operationID(id) else { return error }
        let fate: String
        do {
            try await cancel(operation)
            fate = "; its operation '\(operation)' was cancelled"
        } catch {
            if error is CancellationError { throw error }
            let cause = (error as? PluginError)?.cause ?? "\(error)"
            fate = "; its operation '\(operation)' could not be cancelled and may go on: \(cause)"
        }
        let failure: PluginError.Failure =
            switch error.failure {
            case .badAnswer(let why): .badAnswer(why + fate)
            case .tooMuch(let what): .tooMuch(what + fate)
            case let other: other
            }
        return PluginError(
            program: error.program, plugin: error.plugin, operation: error.operation, failure: failure, log: error.log)
    }

    /// An object in an answer, checked.
    func object(_ bytes: some Sequence<UInt8>, _ operation: String) throws -> KubernetesObject {
        do {
            return try KubernetesObject(parsing: Array(bytes))
        } catch {
            throw badAnswer(operation, "what it gives back is no item: \(error)")
        }
    }

    /// Which items an action is for, as its program says.
    func appliesTo(
        _ ask: @escaping @Sendable (PluginClient, CallOptions) async throws -> Generated_ResourceSelector
    ) async throws -> ResourceSelector {
        let operation = "say which items it is for"
        let wire = try await looking(operation, timeout: limits.answer, ask)
        do {
            let selector = try ResourceSelector(wire: wire)
            // What is malformed is this plugin's failure here, and would be that of the whole run later.
            _ = try IncludesExcludes(includes: selector.includedNamespaces, excludes: selector.excludedNamespaces)
            _ = try IncludesExcludes(includes: selector.includedResources, excludes: selector.excludedResources)
            return selector
        } catch {
            throw badAnswer(operation, "\(error)")
        }
    }
}

extension PluginLink {
    /// A link whose plugin is configured by a call before its first use in a process.
    func initialised(
        by initialisation: PluginInit, _ configure: @escaping @Sendable (PluginClient, CallOptions) async throws -> Void
    ) -> PluginLink {
        let call = PluginCall(program: program, plugin: name, operation: "be configured")
        var link = self
        link.initialisation = (initialisation, { try await call.run(on: $0, timeout: limits.startup, configure) })
        return link
    }
}
