import Foundation
import ProgramTestKit
import Testing

/// Wrong usage: exit code 2, the mistake and the way out on standard error, nothing on standard output, nothing done.
@Suite struct UsageTests {
    /// A command line that makes no sense.
    struct Mistake: CustomTestStringConvertible, Sendable {
        let arguments: [String]
        let message: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String..., says message: String) {
            self.arguments = arguments
            self.message = message
        }
    }

    static let mistakes = [
        Mistake("--nonsense", says: "Unknown option '--nonsense'"),
        Mistake("frobnicate", says: "Unexpected argument 'frobnicate'"),
        Mistake("backup", "create", says: "Missing expected argument '<name>'"),
        Mistake("backup", "create", "x", "--nonsense", says: "Unknown option '--nonsense'"),
        Mistake("backup", "create", "x", "y", says: "Unexpected argument 'y'"),
        Mistake("backup", "create", "x", "--format", "zip", says: "'godwit' and 'velero'"),
        Mistake("backup", "create", "x", "--ttl", "tomorrow", says: "--ttl"),
        Mistake("backup", "create", "x", "--item-operation-timeout", "240", says: "--item-operation-timeout"),
        Mistake(
            "backup", "create", "x", "--item-operation-timeout", "99999999999999999h", says: "--item-operation-timeout"),
        Mistake(
            "restore", "create", "--from-backup", "x", "--item-operation-timeout", "0s",
            says: "--item-operation-timeout"),
        Mistake("backup", "create", "x", "--selector", "a=b", "--or-selector", "c=d", says: "exclude each other"),
        Mistake("backup", "create", "x", "--selector", "a in (b", says: "a in (b"),
        Mistake("backup", "create", "x", "--ordered-resources", "pods", says: "--ordered-resources"),
        Mistake("backup", "create", "x", "--page-size", "0", says: "--page-size"),
        Mistake("backup", "create", "x", "--compression-level", "99", says: "--compression-level"),
        Mistake("backup", "create", "x", "--include-cluster-resources=perhaps", says: "perhaps"),
        Mistake("backup", "create", "x", "--cluster", "nonsense", says: "--cluster"),
        Mistake(
            "backup", "create", "x", "--cluster", "dir:/usr/share/empty", "--kubeconfig", "/x", says: "--kubeconfig"),
        Mistake(
            "backup", "create", "x", "--storage", "file:///x", "--storage-location", "y", says: "exclude each other"),
        Mistake("backup", "create", "x", "--cluster", "dir:/usr/share/empty", says: "no storage was named"),
        Mistake(
            "backup", "create", "x", "--cluster", "dir:/nowhere", "--storage", "file:///nowhere", "--plugin-dir",
            "/no/plugins", says: "cannot read '/no/plugins' (--plugin-dir)"),
        Mistake("plugin", "get", "--plugin-dir", "/etc/hosts", says: "cannot read '/etc/hosts' (--plugin-dir)"),
        Mistake("plugin", "remove", "x", "--plugin-dir", "/no/plugins", says: "/no/plugins"),
        Mistake("plugin", "test", "example.com/x", "--plugin-dir", "/no/plugins", says: "/no/plugins"),
        Mistake("backup", "get", says: "no storage was named"),
        Mistake("backup", "get", "-o", "xml", says: "'table', 'json', 'yaml' or 'name'"),
        Mistake("backup", "get", "--storage", "gopher://x", says: "no plugin serves gopher://"),
        Mistake("backup", "get", "--storage-location", "nowhere", says: "no backup location 'nowhere'"),
        Mistake("restore", "create", says: "--from-backup"),
        Mistake("restore", "create", "--from-backup", "x", "--existing-resource-policy", "merge", says: "'replace'"),
        Mistake("restore", "create", "--from-backup", "x", "--namespace-mappings", "a", says: "--namespace-mappings"),
        Mistake("restore", "create", "--from-backup", "x", "--namespace-mappings", "a:b,a:c", says: "mapped twice"),
        Mistake("restore", "create", "--from-backup", "x", "--reclaim-policy", "Burn", says: "'Retain'"),
        Mistake("restore", "create", "--from-backup", "x", "--image-path", "pods:x", says: "--image-path"),
        Mistake(
            "restore", "create", "--from-backup", "x", "--preserve-nodeports", "--drop-nodeports",
            says: "exclude each other"),
        Mistake("restore", "create", "--from-backup", "x", "--replicas", "-1", says: "--replicas"),
        Mistake("restore", "create", "--from-backup", "x", "--replicas=many", says: "--replicas"),
        Mistake("restore", "create", "--from-backup", "x", "--suspend-cronjobs=perhaps", says: "'original'"),
        Mistake("restore", "create", "--from-backup", "x", "--vm-run-strategy", "Sometimes", says: "- Halted"),
        Mistake(
            "restore", "create", "--from-backup", "x", "--host-mappings", "*.a.example=b.example",
            says: "leave out the '*.'"),
        Mistake("restore", "create", "--from-backup", "x", "--host-mappings", "a.example", says: "--host-mappings"),
        Mistake("restore", "create", "--from-backup", "x", "--set-labels", "a b=c", says: "'a b' is no key"),
        Mistake("restore", "create", "--from-backup", "x", "--set-labels", "a=1,a=2", says: "'a' is set twice"),
        Mistake("restore", "create", "--from-backup", "x", "--set-labels", "a", says: "--set-labels"),
        Mistake("restore", "create", "--from-backup", "x", "--set-annotations", "=x", says: "--set-annotations"),
        Mistake(
            "restore", "create", "--from-backup", "x", "--rename-labels", "a=b,c=b",
            says: "another one gets the same name"),
        Mistake("restore", "create", "--from-backup", "x", "--drop-labels", "a[", says: "is not a rule for labels"),
        Mistake("restore", "create", "--from-backup", "x", "--drop-tolerations", "a[", says: "'a[' is not a pattern"),
        Mistake(
            "restore", "create", "--from-backup", "x", "--image-registry-mappings", "a:b=c",
            says: "is not an image rule"),
        Mistake("restore", "create", "--from-backup", "x", "--concurrency", "0", says: "--concurrency"),
        Mistake("backup-location", "get", "nowhere", says: "no backup location 'nowhere'"),
        Mistake("backup-location", "delete", "nowhere", says: "no backup location 'nowhere'"),
        Mistake("completion", "tcsh", says: "'bash', 'zsh' or 'fish'"),
    ]

    @Test(arguments: mistakes) func isSaidAndDoesNothing(_ mistake: Mistake) async throws {
        let workspace = try Workspace()
        let run = try await workspace.godwit(mistake.arguments)
        #expect(run.status == 2, "\(run)")
        #expect(run.output.isEmpty, "\(run)")
        #expect(run.errors.contains(mistake.message), "\(run)")
        #expect(run.errors.contains("next:") || run.errors.contains("--help"), "says what to do next: \(run)")
        #expect(Workspace.files(below: workspace.path("home")).isEmpty)
    }

    @Test func goStyleBooleansAreUnderstood() async throws {
        let workspace = try Workspace()
        let store = "file://\(try workspace.makeFolder("store"))"
        let sample = "dir:\(Checkout.path("samples/shop"))"
        for (index, form) in [["--dry-run"], ["--dry-run=true"], ["--dry-run", "true"]].enumerated() {
            let run = try await workspace.godwit(
                ["backup", "create", "b\(index)", "--cluster", sample, "--storage", store] + form)
            #expect(run.status == 0, "\(run)")
        }
        #expect(Workspace.files(below: workspace.path("store")).isEmpty)
        let run = try await workspace.godwit(
            "backup", "create", "b", "--cluster", sample, "--storage", store, "--dry-run=false")
        #expect(run.status == 0, "\(run)")
        #expect(!Workspace.files(below: workspace.path("store")).isEmpty)
    }

    @Test func withoutATerminalNothingIsAsked() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b").restored("r", to: "out")
        for command in [["restore", "delete", "r"], ["backup", "delete", "b"]] {
            let run = try await workspace.godwit(command + ["--storage", shop.storage])
            #expect(run.status == 2 && run.errors.contains("--confirm"), "\(run)")
        }
        #expect(try await workspace.godwit("backup", "get", "b", "--storage", shop.storage).status == 0)
        #expect(try await workspace.godwit("restore", "get", "r", "--storage", shop.storage).status == 0)
    }
}
