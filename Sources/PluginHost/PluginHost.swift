public import GodwitModel
public import GodwitPluginAPI
import Foundation
import PluginProtocol

/// A plugin that a program offers.
public struct ExternalPlugin: Sendable, Hashable {
    /// The plugin's name, `prefix/name`.
    public let name: String
    /// What it is.
    public let kind: PluginKind
    /// The program's path.
    public let path: String
}

/// Plugins that are programs: finds them, starts them when they are first used, and stops them.
///
/// A program that cannot be used is told of, and does not keep the others from being used.
public actor PluginHost {
    private let options: PluginHostOptions
    private var programs: [String: PluginProgram] = [:]
    /// Programs by path and what their stores and snapshotters were configured with.
    private var lanes: [Lane: PluginProgram] = [:]
    private var listings: [String: SharedTask<[ExternalPlugin]>] = [:]
    private var isStopped = false

    private struct Lane: Hashable {
        let path: String
        let plugin: PluginInit
    }

    /// A host. Nothing is started yet.
    public init(_ options: PluginHostOptions) { self.options = options }

    /// The programs in the directories, by path.
    ///
    /// - Throws: ``PluginDirectoryError``.
    public nonisolated func programPaths() throws -> [String] {
        var names: Set<String> = []
        var paths: [String] = []
        for directory in options.directories {
            let found: [String]
            do {
                found = try ProgramFile.all(in: directory)
            } catch {
                throw PluginDirectoryError(directory: directory, cause: error)
            }
            paths += found.filter { names.insert(($0 as NSString).lastPathComponent).inserted }
        }
        return paths
    }

    /// What became of asking each program for its plugins, in the order of the programs.
    ///
    /// A plugin that two programs offer is that of the first; the second one's listing fails, so that nobody wonders
    /// which one runs.
    public func listing() async throws -> [(path: String, plugins: Result<[ExternalPlugin], any Error>)] {
        let paths = try programPaths()
        var results: [(path: String, plugins: Result<[ExternalPlugin], any Error>)] = []
        let tasks = paths.map { (path: $0, task: listing(of: $0)) }
        var owners: [String: String] = [:]
        for (path, task) in tasks {
            let result: Result<[ExternalPlugin], any Error>
            do {
                result = .success(try await task.value)
            } catch {
                try Task.checkCancellation()
                if listings[path] === task { listings[path] = nil }
                result = .failure(error)
            }
            results.append((path, result.flatMap { Self.check($0, path, &owners) }))
        }
        return results
    }

    private static func check(
        _ plugins: [ExternalPlugin], _ path: String, _ owners: inout [String: String]
    ) -> Result<[ExternalPlugin], any Error> {
        for plugin in plugins {
            let key = "\(plugin.kind.rawValue) \(plugin.name)"
            if let owner = owners[key] {
                return .failure(
                    PluginError(
                        program: (path as NSString).lastPathComponent, plugin: plugin.name, operation: "be used",
                        failure: .badListing("program '\((owner as NSString).lastPathComponent)' offers it too")))
            }
        }
        for plugin in plugins { owners["\(plugin.kind.rawValue) \(plugin.name)"] = path }
        return .success(plugins)
    }

    /// The plugins of one program.
    ///
    /// - Throws: ``PluginError``, `CancellationError`.
    public func plugins(ofProgram path: String) async throws -> [ExternalPlugin] {
        let task = listing(of: path)
        do {
            return try await task.value
        } catch {
            try Task.checkCancellation()
            // The next one who asks may be luckier.
            if listings[path] === task { listings[path] = nil }
            throw error
        }
    }

    private func listing(of path: String) -> SharedTask<[ExternalPlugin]> {
        if let known = listings[path] { return known }
        let program = program(at: path)
        let task = SharedTask { try await PluginLister(program: program).list() }
        listings[path] = task
        return task
    }

    /// The program of a path.
    func program(at path: String) -> PluginProgram {
        if let known = programs[path] { return known }
        let program = makeProgram(at: path)
        programs[path] = program
        return program
    }

    /// The program for a plugin that is configured. Velero's protocol has one configuration a plugin and process, so a
    /// second configuration gets a process of its own.
    func program(at path: String, for plugin: PluginInit) -> PluginProgram {
        let lane = Lane(path: path, plugin: plugin)
        if let known = lanes[lane] { return known }
        let isTaken = lanes.keys.contains {
            $0.path == path && $0.plugin.kind == plugin.kind && $0.plugin.plugin == plugin.plugin
        }
        let program = isTaken ? makeProgram(at: path) : program(at: path)
        lanes[lane] = program
        return program
    }

    private func makeProgram(at path: String) -> PluginProgram {
        PluginProgram(path: path, options: options, isStopped: isStopped)
    }

    /// Stops all programs. Calls that are under way fail; later ones too.
    public func stop() async {
        isStopped = true
        for task in listings.values { task.cancel() }
        await withTaskGroup(of: Void.self) { group in
            // One that serves a store as well is asked twice, and the second time there is nothing left to do.
            for program in Array(programs.values) + Array(lanes.values) { group.addTask { await program.stop() } }
        }
    }
}

/// A plugin directory cannot be read, or changed.
public struct PluginDirectoryError: AdvisedError {
    /// The directory.
    public let directory: String
    /// What the system said.
    public let cause: any Error

    /// Describes a failure.
    public init(directory: String, cause: any Error) {
        self.directory = directory
        self.cause = cause
    }

    /// Which directory.
    public var summary: String { "the plugin directory '\(directory)' cannot be used" }
    /// What the system said.
    public var reason: String? { cause.localizedDescription }
    /// What to do next.
    public var advice: String? { "check its permissions, or name another one with --plugin-dir" }
}
