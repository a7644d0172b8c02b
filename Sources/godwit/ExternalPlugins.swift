import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import PluginHost
import Synchronization

/// The plugins that are programs, for one run of this program. Nothing is looked for, let alone started, before a
/// command asks for them.
enum ExternalPlugins {
    /// What the programs say, for the log of a backup or restore.
    static let log = LogFeed()

    private static let started = Mutex<PluginHost?>(nil)

    /// The host of the programs.
    ///
    /// - Parameter creating: a directory that is not there is going to be made.
    static func host(_ global: GlobalOptions, creating: Bool = false) throws -> PluginHost {
        let places = PluginPlaces(global)
        if !creating { try places.directories.requireExisting() }
        return host(places)
    }

    private static func host(_ places: PluginPlaces) -> PluginHost {
        started.withLock { started in
            if let started { return started }
            var options = PluginHostOptions(directories: places.directories.paths) { line in
                let level = LogLine.Level(line.level)
                let isTaken = log.send(LogLine(level, "\(line.program): \(line.message)"))
                guard !isTaken, places.isVerbose || level == .warning || level == .error else { return }
                Console.standard.complain("plugin \(line.program): \(line.message)")
            }
            options.logLevel = places.isVerbose ? "debug" : "info"
            options.features = places.features
            let host = PluginHost(options)
            started = host
            return host
        }
    }

    /// The plugins of the kinds that a command needs.
    static func load(_ kinds: Set<PluginKind>, _ global: GlobalOptions) async throws -> LoadedPlugins {
        try await load(kinds, PluginPlaces(global))
    }

    /// The plugins of the kinds that a command needs.
    static func load(_ kinds: Set<PluginKind>, _ places: PluginPlaces) async throws -> LoadedPlugins {
        try places.directories.requireExisting()
        return try await host(places).load(kinds)
    }

    /// The provider that a location names.
    static func objectStore(
        for location: StorageLocation, _ global: GlobalOptions
    ) async throws -> any ObjectStoreProvider {
        let wanted = try PluginLocation(location).plugin
        let loaded = try await load([.objectStore], global)
        if let provider = loaded.objectStores.first(where: { $0.name == wanted }) { return provider }
        throw MissingPluginError.make(wanted, global.pluginDirectories, loaded.failures)
    }

    /// Ends all programs.
    static func stop() async {
        let host = started.withLock { started in
            defer { started = nil }
            return started
        }
        await host?.stop()
    }
}

extension ExternalPlugin {
    /// The built-in plugin that a program's takes the place of, where it is named as Velero does.
    var replaced: String? { kind == .volumeSnapshotter ? Providers.standIn(for: name)?.name : nil }
}

extension LoadedPlugins {
    /// Says which programs offer what backups do not use yet. One that cannot be used is missed by nobody.
    func noteUnused() {
        for failure in itemBlockActionFailures {
            ExternalPlugins.log.send(LogLine(.warning, "\(failure); backups do not use it yet"))
        }
        for action in itemBlockActions {
            ExternalPlugins.log.send(
                LogLine(
                    .warning,
                    "plugin \(action.name) names items that are to be backed up in one piece; backups do not use it yet"
                ))
        }
    }

    /// Takes the item actions out for a dry run, and says so: the protocol has no word for one, and nobody knows what a
    /// program does beside answering.
    mutating func leaveOutItemActions() {
        let names = backupItemActions.map(\.name) + restoreItemActions.map(\.name)
        guard !names.isEmpty else { return }
        Console.standard.complain(
            "warning: a dry run does not call programs, which may do more than answer: \(names.joined(separator: ", "))"
        )
        backupItemActions = []
        restoreItemActions = []
    }
}

/// Where programs are looked for, and how much is told of them.
struct PluginPlaces: Sendable {
    let directories: PluginDirectories
    let isVerbose: Bool
    /// Velero's feature flags that they are told of.
    let features: [String]

    /// What the options of every command say.
    init(_ global: GlobalOptions) {
        self.init(
            directories: global.pluginDirectories, isVerbose: global.verbose, features: global.features.joined)
    }

    /// Places by name.
    init(directories: PluginDirectories, isVerbose: Bool, features: [String] = []) {
        self.directories = directories
        self.isVerbose = isVerbose
        self.features = features
    }
}

/// Where programs are looked for, the first place first.
struct PluginDirectories: Sendable {
    let paths: [String]
    /// What named them; nil where nobody did.
    let option: String?

    /// Checks that what somebody named is there: a backup without the actions that it was to have is none. What is looked
    /// at anyway need not exist.
    func requireExisting() throws {
        guard let option else { return }
        for path in paths {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                throw UnreadableFileError(path: path, option: option)
            }
        }
    }
}

extension LogLine.Level {
    fileprivate init(_ level: PluginLogLine.Level) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
    }
}

/// A plugin that was named is not there.
struct MissingPluginError: AdvisedError, UsageError {
    let name: String
    let directories: [String]

    var summary: String { "there is no plugin '\(name)'" }
    var reason: String? { "looked in \(directories.joined(separator: " and "))" }
    var advice: String? { "see 'godwit plugin get', or add its program with 'godwit plugin add FILE'" }

    /// What is wrong when a plugin was not found.
    ///
    /// - Parameter failures: programs that could not be asked.
    static func make(_ name: String, _ directories: PluginDirectories, _ failures: [any Error]) -> any AdvisedError {
        failures.isEmpty
            ? MissingPluginError(name: name, directories: directories.paths)
            : UnusableProgramsError(summary: "plugin '\(name)' was not found", failures: failures)
    }
}

/// A plugin that was named may be that of a program which cannot be used: no mistake in what was typed.
struct UnusableProgramsError: AdvisedError {
    let summary: String
    let failures: [any Error]

    var reason: String? {
        "it may be that of a program which cannot be used: " + failures.map { "\($0)" }.joined(separator: "; ")
    }
    var advice: String? { failures.lazy.compactMap { ($0 as? any AdvisedError)?.advice }.first }
}
