import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Clusters and buckets that say no, seen from the command line: exit code, message, way out, and no harm done.
@Suite(.enabled(if: Testbed.isThere, Testbed.hint))
struct ServerTroubleTests {
    /// A copy of the source's kubeconfig with something changed.
    private func kubeconfig(_ site: Site, _ name: String, _ change: (String) -> String) throws -> String {
        let text = try String(contentsOfFile: Testbed.Side.source.kubeconfig, encoding: .utf8)
        let changed = change(text)
        try #require(changed != text)
        return try site.workspace.write(changed, to: name)
    }

    private func replacing(_ key: String, with value: String) -> (String) -> String {
        { text in
            text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                guard let range = line.range(of: "\(key): ") else { return String(line) }
                return line[..<range.upperBound] + value
            }.joined(separator: "\n")
        }
    }

    private func expectNothingStored(_ site: Site) async throws {
        #expect(try await Testbed.keys(below: site.prefix + "/").isEmpty)
    }

    @Test func aNamespaceThatDoesNotExist() async throws {
        try await Site.with("trouble") { site in
            let run = try await site.godwit(
                "backup", "create", "b", "--include-namespaces", "default,there-is-no-such", on: .source)
            #expect(run.status == 1 && run.errors.contains("there is no namespace 'there-is-no-such'"), "\(run)")
            #expect(run.errors.contains("next:"), "\(run)")
            let pattern = try await site.godwit(
                "backup", "create", "b", "--include-namespaces", "there-is-no-such-*", on: .source)
            #expect(pattern.status == 1 && pattern.errors.contains("there-is-no-such-*"), "\(pattern)")
            try await expectNothingStored(site)
        }
    }

    @Test func aTokenThatHasExpired() async throws {
        try await Site.with("trouble") { site in
            let file = try kubeconfig(site, "expired", replacing("token", with: "expired-and-secret"))
            for command in [["backup", "create", "b"], ["backup", "create", "b", "--dry-run"]] {
                let run = try await site.godwit(command + ["--kubeconfig", file])
                #expect(run.status == 1 && run.errors.contains("nauthorized"), "\(run)")
                #expect(run.errors.contains("next:") && run.errors.contains("token"), "\(run)")
                #expect(!(run.output + run.errors).contains("expired-and-secret"), "\(run)")
            }
            try await expectNothingStored(site)
        }
    }

    @Test func aTokenThatHasExpiredForARestore() async throws {
        try await Site.with("trouble") { site in
            try await site.backUp("b", "--include-namespaces", "default", "--include-resources", "services")
            let file = try kubeconfig(site, "expired", replacing("token", with: "expired"))
            let run = try await site.godwit(
                "restore", "create", "r", "--from-backup", "b", "--namespace-mappings", "default:nowhere-new",
                "--kubeconfig", file)
            #expect(run.status == 1 && run.errors.contains("nauthorized"), "\(run)")
            #expect(run.errors.contains("next:"), "\(run)")
        }
    }

    @Test func aUserWhoMayNotRead() async throws {
        try await Site.with("trouble") { site in
            let run = try await site.godwit("backup", "create", "b", on: .nobody)
            #expect(run.status == 1 && run.errors.contains("forbidden"), "\(run)")
            #expect(run.errors.contains("next:"), "\(run)")
            #expect(try await site.listed().isEmpty)
            try await expectNothingStored(site)
        }
    }

    @Test func aUserWhoMayNotWrite() async throws {
        try await Site.with("trouble") { site in
            let namespace = "trouble-\(Testbed.suffix())"
            try await site.backUp("b", "--include-namespaces", "default", "--include-resources", "services")
            let run = try await site.godwit(
                "restore", "create", "r", "--from-backup", "b", "--namespace-mappings", "default:\(namespace)",
                on: .nobody)
            #expect(run.status == 1 || run.status == 3, "\(run)")
            #expect(run.errors.contains("forbidden"), "\(run)")
            let namespaces = try await site.kubectl(.source, "get", "namespaces", "-o", "name")
            #expect(!namespaces.contains(namespace))
        }
    }

    @Test func aServerThatIsNotThere() async throws {
        try await Site.with("trouble") { site in
            let file = try kubeconfig(site, "away", replacing("server", with: "https://127.0.0.1:1"))
            let run = try await site.godwit("backup", "create", "b", "--kubeconfig", file)
            #expect(run.status == 1 && run.errors.contains("127.0.0.1:1"), "\(run)")
            #expect(run.errors.contains("refused") || run.errors.contains("connect"), "\(run)")
            try await expectNothingStored(site)
        }
    }

    @Test func aServerWithAnotherCertificate() async throws {
        try await Site.with("trouble") { site in
            // The destination's address with the source's authority.
            let other = try String(contentsOfFile: Testbed.Side.destination.kubeconfig, encoding: .utf8)
            let server = try #require(other.split(separator: "\n").first { $0.contains("server: ") })
            let address = String(server.split(separator: " ").last ?? "")
            let file = try kubeconfig(site, "other", replacing("server", with: address))
            let run = try await site.godwit("backup", "create", "b", "--kubeconfig", file)
            #expect(run.status == 1 && run.errors.lowercased().contains("certificate"), "\(run)")
        }
    }

    @Test func aKubeconfigThatIsNoKubeconfig() async throws {
        try await Site.with("trouble") { site in
            for (name, text) in [
                ("empty", ""), ("list", "[1, 2]"), ("broken", "clusters: [\n  {name: "), ("json", "{}"),
            ] {
                let file = try site.workspace.write(text, to: name)
                let run = try await site.godwit("backup", "create", "b", "--kubeconfig", file)
                #expect(run.status == 1 && run.errors.contains(file), "\(run)")
            }
            let run = try await site.godwit(
                "backup", "create", "b", "--kubeconfig", Testbed.Side.source.kubeconfig, "--context", "nowhere")
            #expect(run.status == 1 && run.errors.contains("nowhere"), "\(run)")
        }
    }

    @Test func aBucketThatIsMissing() async throws {
        let url = Testbed.bucketURL("x", bucket: "godwit-there-is-no-such-bucket")
        let site = try Site("trouble", storage: url)
        for command in [
            ["backup", "create", "b", "--include-namespaces", "default"], ["backup", "get"], ["backup", "verify", "b"],
        ] {
            let run = try await site.godwit(command, on: command[1] == "create" ? .source : nil)
            #expect(run.status == 1 && run.errors.contains("does not exist"), "\(run)")
            #expect(run.errors.contains("next:") && run.errors.contains("bucket"), "\(run)")
        }
    }

    @Test func keysThatAreWrong() async throws {
        let site = try Site("trouble")
        let run = try await site.workspace.godwit(
            ["backup", "get", "--storage", site.storage], environment: ["AWS_SECRET_ACCESS_KEY": "wrong-and-secret"])
        #expect(run.status == 1 && run.errors.contains("next:"), "\(run)")
        #expect(!(run.output + run.errors).contains("wrong-and-secret"), "\(run)")
        #expect(!(run.output + run.errors).contains(Testbed.value("RADOSGW_SECRET_KEY")))
    }

    @Test func noKeysAtAll() async throws {
        let site = try Site("trouble")
        let run = try await site.workspace.godwit(
            ["backup", "get", "--storage", site.storage],
            environment: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"])
        #expect(run.status == 1 && run.errors.contains("credentials"), "\(run)")
        #expect(run.errors.contains("next:"), "\(run)")
    }

    private static let faketime = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        .map { $0 + "/faketime/libfaketime.so.1" }.first { FileManager.default.fileExists(atPath: $0) }

    /// A clock that is two hours off: S3 servers refuse such signatures, and say what time it is.
    @Test(.enabled(if: faketime != nil, "needs Debian's faketime"), arguments: ["-2h", "+2h"])
    func aClockThatIsOff(_ offset: String) async throws {
        try await Site.with("clock") { site in
            // From a directory: certificates of a cluster that was just made are not valid two hours ago.
            let run = try await site.workspace.godwit(
                [
                    "backup", "create", "b", "--cluster", "dir:\(Checkout.path("samples/shop"))", "--storage",
                    site.storage,
                ], environment: ["LD_PRELOAD": Self.faketime ?? "", "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"])
            #expect(run.status == 0, "\(run)")
            try await site.godwit("backup", "verify", "b").expectSuccess()
        }
    }
}
