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

    @Test func aVolumeComesOutWithPlainTools() async throws {
        let workspace = try Workspace()
        let data = try workspace.makeFolder("data")
        let store = try workspace.makeFolder("store")
        let work = try workspace.makeFolder("work")
        // Many files in shared chunks, a large one in several, one with holes, links, odd names, modes and times.
        let make = try await workspace.bash(
            """
            cd "$DATA"
            mkdir -p a/b "with space/and \"quotes\"" empty
            for number in {1..50}; do seq $number $((number * 40)) >"a/$number.txt"; done
            head -c 6000000 /dev/urandom >a/b/large.bin
            truncate -s 9000000 sparse; printf end >>sparse
            printf 'ünï' >"with space/and \"quotes\"/ü"
            touch nothing; ln -s ../a/1.txt empty/link; ln a/2.txt hard
            chmod 700 a/b; chmod 4711 a/3.txt; touch -d @86400.5 a/4.txt
            """, environment: ["DATA": data])
        try #require(make.status == 0, "\(make)")
        let backup = try await workspace.godwit(
            "volume", "backup", data, "--as", "shop/data", "--storage", "file://" + store)
        try #require(backup.status == 0, "\(backup)")
        let run = try await workspace.bash(
            try ShellDocument("docs/recovery.md").script(["volume"]),
            environment: ["STORE": store, "VOLUME": "shop/data", "FILE": "a/b/large.bin", "WORK": work])
        #expect(run.status == 0, "\(run)")
        let compared = try await workspace.bash(
            """
            cmp "$DATA/a/b/large.bin" "$WORK/one-file"
            diff -r --no-dereference "$DATA" "$WORK/volume"
            list() { (cd "$1" && find . ! -type l -printf '%p %y %m %n %T@\n' | sort); }
            diff <(list "$DATA") <(list "$WORK/volume")
            """, environment: ["DATA": data, "WORK": work])
        #expect(compared.status == 0, "\(compared)")
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
