import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import PluginHost

/// Finds the plugins that a test is about, and the suite for each.
struct PluginSubjects {
    let name: String
    let storage: String?
    let volume: SnapshotterTestOptions
    /// The beginnings of the names of the checks that are wanted; empty for all.
    let only: [String]
    let global: GlobalOptions

    /// A plugin with the suite of its kind.
    struct Subject: Sendable {
        let name: String
        let kind: PluginKind
        /// The names of the suite's checks.
        let checks: [String]
        /// What would let more checks run.
        var hint: String?
        fileprivate let suite: @Sendable (_ report: (ContractResult) -> Void) async -> [ContractResult]

        func run(report: (ContractResult) -> Void) async -> [ContractResult] { await suite(report) }
    }

    func find() async throws -> [Subject] {
        let builtIn = try await builtIn()
        guard builtIn.isEmpty else { return builtIn }
        guard !Providers.plugins.contains(where: { $0.name == name }) else { throw UntestedPluginError(name: name) }
        let plugins: [ExternalPlugin]
        do {
            plugins = try await external()
        } catch let error as MissingPluginError {
            // What Velero calls it, unless a program does.
            guard let provider = Providers.standIn(for: name) else { throw error }
            return [try await snapshotter(provider)]
        }
        var subjects: [Subject] = []
        for plugin in plugins {
            var loaded = LoadedPlugins()
            try await ExternalPlugins.host(global).add(plugin, to: &loaded)
            subjects.append(try await subject(plugin.name, plugin.kind, loaded))
        }
        return subjects
    }

    /// The plugins of a program that was named by its file, or the one that was named itself.
    private func external() async throws -> [ExternalPlugin] {
        let host = try ExternalPlugins.host(global)
        let isFile = name.hasPrefix("/") || name.hasPrefix("./") || name.hasPrefix("../")
        if isFile {
            return try await host.plugins(ofProgram: URL(fileURLWithPath: name).standardizedFileURL.path)
        }
        if let path = try host.programPaths().first(where: { ($0 as NSString).lastPathComponent == name }) {
            return try await host.plugins(ofProgram: path)
        }
        var failures: [any Error] = []
        var found: [ExternalPlugin] = []
        for (_, result) in try await host.listing() {
            switch result {
            case .success(let plugins): found += plugins.filter { $0.name == name }
            case .failure(let error): failures.append(error)
            }
        }
        guard found.isEmpty else { return found }
        throw MissingPluginError.make(name, global.pluginDirectories, failures)
    }

    /// The built-in plugins of the name: a backup's action may have that of a restore's.
    private func builtIn() async throws -> [Subject] {
        var subjects: [Subject] = []
        for provider in Providers.objectStores where provider.name == name {
            subjects.append(try await objectStore(provider))
        }
        for provider in Providers.snapshotters where provider.name == name {
            subjects.append(try await snapshotter(provider))
        }
        for action in Providers.backupItemActions where action.name == name {
            subjects.append(actions(name, .backupItemAction, BackupItemActionContract.checks(action)))
        }
        for action in Providers.restoreItemActions where action.name == name {
            subjects.append(actions(name, .restoreItemAction, RestoreItemActionContract.checks(action)))
        }
        return subjects
    }

    private func subject(_ name: String, _ kind: PluginKind, _ loaded: LoadedPlugins) async throws -> Subject {
        if let provider = loaded.objectStores.first { return try await objectStore(provider) }
        if let action = loaded.backupItemActions.first {
            return actions(name, kind, BackupItemActionContract.checks(action))
        }
        if let action = loaded.restoreItemActions.first {
            return actions(name, kind, RestoreItemActionContract.checks(action))
        }
        if let action = loaded.deleteItemActions.first {
            return actions(name, kind, OtherItemActionContract.checks(action))
        }
        if let action = loaded.itemBlockActions.first {
            return actions(name, kind, OtherItemActionContract.checks(action))
        }
        if let provider = loaded.volumeSnapshotters.first { return try await snapshotter(provider) }
        throw loaded.failures.first ?? UntestedPluginError(name: name)
    }

    private func snapshotter(_ provider: any VolumeSnapshotterProvider) async throws -> Subject {
        let checks = VolumeSnapshotterContract.checks.map(\.name)
        guard isWanted(checks) else {
            return Subject(name: provider.name, kind: .volumeSnapshotter, checks: checks) { _ in [] }
        }
        let tested = try await volume.subject(provider)
        let hint: String? =
            switch tested.volumes {
            case .none: "more can be checked on a volume of yours: name it with --volume or --persistent-volume"
            case .given(_, nil): "more can be checked with --persistent-volume in place of --volume"
            default: nil
            }
        return Subject(name: provider.name, kind: .volumeSnapshotter, checks: checks, hint: hint) { [only] report in
            await VolumeSnapshotterContract.run(tested, only: only, report: report)
        }
    }

    /// Whether a suite runs at all: no place and no volume is asked for, and none is looked at, for nothing.
    private func isWanted(_ checks: [String]) -> Bool {
        only.isEmpty || only.contains { start in checks.contains { $0.hasPrefix(start) } }
    }

    private func objectStore(_ provider: any ObjectStoreProvider) async throws -> Subject {
        let checks = ObjectStoreContract.checks.map(\.name)
        guard isWanted(checks) else {
            return Subject(name: provider.name, kind: .objectStore, checks: checks) { _ in [] }
        }
        guard let storage else { throw MissingTestStorageError(plugin: provider.name) }
        let location = try StorageLocation(parsing: storage)
        // What is wrong with the location is told before a hundred checks say it.
        let opened = try await provider.open(location)
        var subject = ContractSubject(prefix: opened.prefix + "godwit-plugin-test/") {
            try await provider.open(location).store
        }
        subject.maximumKeyLength -= opened.prefix.utf8.count
        let tested = subject
        return Subject(name: provider.name, kind: .objectStore, checks: checks) { [only] report in
            await ObjectStoreContract.run(tested, only: only, report: report)
        }
    }

    private func actions(
        _ name: String, _ kind: PluginKind, _ checks: [ActionContractCheck]
    ) -> Subject {
        Subject(name: name, kind: kind, checks: checks.map(\.name)) { [only] report in
            var results: [ContractResult] = []
            for check in checks where only.isEmpty || only.contains(where: check.name.hasPrefix) {
                let result = ContractResult(name: check.name, promise: check.promise, outcome: await check.run())
                report(result)
                results.append(result)
            }
            return results
        }
    }
}

/// A built-in plugin that has no suite here.
struct UntestedPluginError: AdvisedError, UsageError {
    let name: String
    var summary: String { "'\(name)' cannot be tested from here" }
    var reason: String? { "it is built in, and what it needs or is made of is only known to Godwit's own tests" }
    var advice: String? { nil }
}

/// A test of an object store needs a place.
struct MissingTestStorageError: AdvisedError, UsageError {
    let plugin: String
    var summary: String { "an object store is tested in a place, and none was named" }
    var reason: String? { nil }
    var advice: String? { "name one with --storage, such as --storage plugin://\(plugin)/bucket/test" }
}
