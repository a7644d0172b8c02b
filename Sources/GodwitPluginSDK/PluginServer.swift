import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
public import GodwitPluginAPI
import PluginProtocol

/// A program that offers plugins to Godwit, and to Velero, whose plugin protocol it speaks.
///
/// The same types that a built-in module implements are served by a program of a few lines:
///
/// ```swift
/// import GodwitPluginSDK
///
/// @main struct Shelf {
///     static func main() async {
///         await PluginServer(objectStores: [ShelfProvider()]).run()
///     }
/// }
/// ```
///
/// Built and put into a plugin directory, it is started when it is needed.
public struct PluginServer: Sendable {
    let plugins: ServedPlugins

    /// A program with these plugins.
    public init(
        objectStores: [any ObjectStoreProvider] = [], volumeSnapshotters: [any VolumeSnapshotterProvider] = [],
        backupItemActions: [any BackupItemAction] = [], restoreItemActions: [any RestoreItemAction] = [],
        deleteItemActions: [any DeleteItemAction] = [], itemBlockActions: [any ItemBlockAction] = []
    ) {
        plugins = ServedPlugins(
            objectStores: objectStores, volumeSnapshotters: volumeSnapshotters, backupItemActions: backupItemActions,
            restoreItemActions: restoreItemActions, deleteItemActions: deleteItemActions,
            itemBlockActions: itemBlockActions)
    }

    /// Serves the plugins until the host asks the program to end, and ends it.
    ///
    /// A program that a person started says what it is for and ends with exit code 1.
    public func run() async -> Never {
        signal(SIGPIPE, SIG_IGN)
        do {
            try check(environment: ProcessInfo.processInfo.environment)
            try await serve(environment: ProcessInfo.processInfo.environment)
            exit(0)
        } catch let error as StartError {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        } catch {
            PluginLogger.shared.error("the plugin cannot be served: \(error)")
            exit(1)
        }
    }

    private func check(environment: [String: String]) throws {
        guard environment[Handshake.cookie.name] == Handshake.cookie.value else { throw StartError.byPerson }
        let versions = (environment["PLUGIN_PROTOCOL_VERSIONS"] ?? "2").split(separator: ",")
        guard versions.contains("2") else { throw StartError.version(versions.joined(separator: ",")) }
        for name in plugins.names {
            if let flaw = PluginName.flaw(of: name) { throw StartError.name(name, flaw) }
        }
    }

    private func serve(environment: [String: String]) async throws {
        let socket = try SocketPath(environment: environment)
        let transport = HTTP2ServerTransport.Posix(
            address: .unixDomainSocket(path: socket.path), transportSecurity: .plaintext,
            config: .defaults { config in
                config.rpc.maxRequestPayloadSize = 64 << 20
                config.http2.targetWindowSize = 8 << 20
                config.http2.maxFrameSize = PluginConnections.maximumFrame
                config.channelDebuggingCallbacks.onAcceptTCPConnection = { PluginConnections.prepare($0, of: .server) }
            })
        let ending = Ending()
        let server = GRPCServer(transport: transport, services: plugins.services(ending))
        ending.action = { server.beginGracefulShutdown() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve() }
            _ = try await transport.listeningAddress
            // What the plugin prints later is another line, and taken for a line of its log.
            FileHandle.standardOutput.write(
                Data((Handshake(address: .unix(path: socket.path)).line + "\n").utf8))
            try await group.waitForAll()
        }
        socket.remove()
    }
}

/// Why a program did not begin to serve.
enum StartError: Error, CustomStringConvertible {
    case byPerson
    case version(String)
    case name(String, String)

    var description: String {
        switch self {
        case .byPerson:
            "This program is a plugin for Godwit and Velero and is started by them. Put it into a plugin directory, such as ~/.local/share/godwit/plugins, or run 'godwit plugin add FILE'."
        case .version(let versions): "The host speaks the plugin protocol \(versions); this plugin speaks 2."
        case .name(let name, let flaw): "'\(name)' cannot be the name of a plugin: \(flaw)."
        }
    }
}

/// Where the program listens: in the directory that the host gave, or in one of its own.
private struct SocketPath {
    let path: String
    private let ownDirectory: String?

    init(environment: [String: String]) throws {
        if let given = environment["PLUGIN_UNIX_SOCKET_DIR"], !given.isEmpty {
            path = "\(given)/plugin\(getpid())"
            ownDirectory = nil
        } else {
            var template = Array("/tmp/plugin-XXXXXX".utf8CString)
            guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
            ownDirectory = String(cString: made)
            path = "\(String(cString: made))/plugin"
        }
    }

    func remove() {
        unlink(path)
        if let ownDirectory { rmdir(ownDirectory) }
    }
}
