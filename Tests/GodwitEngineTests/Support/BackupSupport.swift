import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Streams

@testable import GodwitEngine

/// A claim brings its volume.
struct ClaimAction: BackupItemAction {
    let name = "test.io/claim"
    let appliesTo = ResourceSelector(includedResources: ["persistentvolumeclaims"])

    func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        guard let volume = item[path: "spec", "volumeName"]?.string else { return BackupItemOutcome() }
        return BackupItemOutcome(
            additionalItems: [ItemIdentity(resource: .persistentVolumes, namespace: nil, name: volume)])
    }
}

func backUp(
    _ source: SourceFake, named name: String = "b", to store: any ObjectStore, format: BackupFormat = .godwit,
    actions: [any BackupItemAction] = [ClaimAction()], _ change: (inout BackupSpec) -> Void = { _ in }
) async throws -> BackupReport {
    var backup = Backup(name: name)
    change(&backup.spec)
    var request = BackupRequest(backup: backup, cluster: source, actions: actions)
    request.format = format
    let prepared = try await BackupPlanner(request).prepare()
    return try await BackupRunner(catalog: BackupCatalog(store: store)).run(prepared) { _ in }
}

/// The items of a backup in the order of the tarball, each checked.
func contents(of name: String = "b", in store: any ObjectStore) async throws -> [(entry: IndexEntry, text: String)] {
    let opened = try await BackupCatalog(store: store).open(named: name)
    var entries: [IndexEntry] = []
    try await opened.forEachEntry { entries += $0 }
    var items: [(entry: IndexEntry, text: String)] = []
    for try await batch in opened.items(entries) {
        for stored in batch {
            items.append((stored.entry, String(decoding: try stored.item.get().bytes, as: UTF8.self)))
        }
    }
    return items
}

func identities(of name: String = "b", in store: any ObjectStore) async throws -> [String] {
    try await contents(of: name, in: store).map(\.entry.identity.description)
}

func bytes(_ key: String, in store: any ObjectStore) async throws -> [UInt8] {
    try await store.get(key, range: nil).body.collect(upTo: .max)
}

/// Runs a program with a file as its input and gives its output.
func run(_ arguments: [String], input: [UInt8]) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)")
    try Data(input).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ProgramFailed(status: process.terminationStatus) }
    return String(decoding: text, as: UTF8.self)
}

struct ProgramFailed: Error {
    let status: Int32
}
