import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// Asks a program for its plugins and checks the answer.
struct PluginLister: Sendable {
    let program: PluginProgram

    func list() async throws -> [ExternalPlugin] {
        let connection = try await program.connection()
        let limits = program.options.limits
        let call = PluginCall(program: program, plugin: nil, operation: "list its plugins")
        let answer: Generated_ListPluginsResponse
        do {
            answer = try await call.run(on: connection, timeout: limits.answer, maximum: 1 << 20) { client, options in
                try await Generated_PluginLister.Client(wrapping: client).listPlugins(.init(), options: options)
            }
        } catch {
            throw RefusedCall.plain(error)
        }
        func flaw(_ why: String) -> PluginError { call.failure(.badListing(why), connection) }
        guard !answer.plugins.isEmpty else { throw flaw("it offers no plugin") }
        guard answer.plugins.count <= limits.plugins else {
            throw flaw("it offers \(answer.plugins.count) plugins; \(limits.plugins) are the limit")
        }
        var seen: Set<String> = []
        return try answer.plugins.compactMap { identifier -> ExternalPlugin? in
            let name = String(identifier.name.printable.prefix(300))
            if let problem = PluginName.flaw(of: identifier.name) {
                throw flaw("'\(name)' cannot be a plugin's name: \(problem)")
            }
            guard !PluginName.isReserved(name) else {
                throw flaw("'\(name)' cannot be its plugin: names with 'godwit.io/' are those of what is built in")
            }
            guard let kind = PluginKind(rawValue: identifier.kind) else {
                let said = String(identifier.kind.printable.prefix(60))
                // A later version of the protocol may know more kinds; the rest of the program is of use all the same.
                program.options.log(
                    PluginLogLine(
                        program: program.name, level: .warning,
                        message: "plugin \(name) is of the kind '\(said)', which Godwit does not know"))
                return nil
            }
            guard seen.insert("\(kind.rawValue) \(name)").inserted else { throw flaw("it names \(name) twice") }
            return ExternalPlugin(name: name, kind: kind, path: program.path)
        }
    }
}
