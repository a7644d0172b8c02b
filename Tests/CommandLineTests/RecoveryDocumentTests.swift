import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// docs/recovery.md, run word for word on a real backup: what comes out is what went in.
@Suite struct RecoveryDocumentTests {
    @Test func everythingComesOutWithPlainTools() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("shop-1").backedUp("shop-v", "--format", "velero")
        let work = try workspace.makeFolder("work")
        let script = try ShellDocument("docs/recovery.md").script(["", "velero"])
        let run = try await workspace.bash(
            script,
            environment: [
                "STORE": shop.stored(""), "BACKUP": "shop-1", "VELERO_BACKUP": "shop-v", "WORK": work,
            ])
        #expect(run.status == 0, "\(run)")

        // What Godwit itself brings out, object by object.
        let expected = try await items(shop, "shop-1")
        #expect(expected.count > 30)
        #expect(try read(work + "/all") == expected)
        #expect(try read(work + "/velero") == expected)
        #expect(
            try read(work + "/namespace")
                == expected.filter { $0.key.contains("/namespaces/shop/") || $0.key == "namespaces/cluster/shop.json" })
        let one = try JSONValue(parsing: Array(try #require(FileManager.default.contents(atPath: work + "/one.json"))))
        #expect(one == expected["deployments.apps/namespaces/shop/web.json"])
    }

    /// Objects by their path in the tarball, as a restore into a directory reads them, told by another tool: `tar`
    /// knows nothing of the index, and the index nothing of `tar`.
    private func items(_ shop: Shop, _ backup: String) async throws -> [String: JSONValue] {
        let file = shop.workspace.path("download.tar.zst")
        let download = try await shop.godwit("backup", "download", backup, "-f", file)
        try #require(download.status == 0, "\(download)")
        let folder = try shop.workspace.makeFolder("download")
        let run = try await shop.workspace.bash("tar --zstd -xf '\(file)' -C '\(folder)'")
        try #require(run.status == 0, "\(run)")
        let found = try read(folder)
        // The manifests that were backed up hold the same objects, by kubectl's own eyes or not: count them plainly.
        let manifests = try await shop.workspace.bash(
            "grep -rhE '^kind: ' '\(Checkout.path("samples/shop"))' --include='*.yaml' | wc -l")
        #expect(found.count >= Int(manifests.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .max)
        return found
    }

    private func read(_ folder: String) throws -> [String: JSONValue] {
        let root = folder + "/resources"
        var objects: [String: JSONValue] = [:]
        for path in Workspace.files(below: root) {
            let data = try #require(FileManager.default.contents(atPath: "\(root)/\(path)"))
            objects[path] = try JSONValue(parsing: Array(data))
        }
        return objects
    }
}
