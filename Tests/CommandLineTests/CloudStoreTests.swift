import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// The program on the emulated clouds of the testbed: from a backup to its deletion, and what it says of what is wrong.
@Suite(.enabled(if: CloudSite.areThere, "needs the testbed")) struct CloudStoreTests {
    @Test(arguments: CloudSite.allCases) func fromABackupToItsDeletion(_ site: CloudSite) async throws {
        let workspace = try Workspace(site.environment)
        let storage = ["--storage", site.storage("cli-\(UUID().uuidString)")]
        func run(_ arguments: String...) async throws -> ProgramResult {
            try await workspace.godwit(arguments + storage)
        }

        for format in ["godwit", "velero"] {
            let backup = try await run("backup", "create", format, "--cluster", Shop.source, "--format", format)
            #expect(backup.status == 0, "\(backup)")
            let restore = try await run(
                "restore", "create", "r-\(format)", "--from-backup", format, "--cluster",
                "dir:\(workspace.path("out-\(format)"))")
            #expect(restore.status == 0, "\(restore)")
            let files = Workspace.files(below: workspace.path("out-\(format)"))
            #expect(files.count > 5, "\(files)")
        }
        let taken = try await run("backup", "create", "godwit", "--cluster", Shop.source)
        #expect(taken.status == 1 && taken.errors.contains("backup 'godwit' exists already"), "\(taken)")
        let verify = try await run("backup", "verify", "godwit")
        #expect(verify.status == 0, "\(verify)")
        #expect(try await run("backup", "get", "-o", "name").output == "godwit\nvelero\n")
        let again = try await run("backup", "download", "velero", "--file", workspace.path("velero.tar.gz"))
        #expect(again.status == 0, "\(again)")
        for name in ["godwit", "velero"] {
            let delete = try await run("backup", "delete", name, "--confirm")
            #expect(delete.status == 0, "\(delete)")
        }
        #expect(try await run("backup", "get", "-o", "name").output.isEmpty)
    }

    /// Larger than the parts of an upload, so that packs are streamed, and read back by range.
    @Test(arguments: CloudSite.allCases) func aVolume(_ site: CloudSite) async throws {
        let workspace = try Workspace(site.environment)
        let storage = ["--storage", site.storage("cli-\(UUID().uuidString)", more: "&part-size=1MiB")]
        let data = try workspace.makeFolder("data")
        let make = try await workspace.bash(
            "head -c 9000000 /dev/urandom >\(data)/large; mkdir \(data)/d; for i in {1..50}; do seq $i 999 >\(data)/d/$i; done"
        )
        try #require(make.status == 0)
        for _ in 0..<2 {
            let backup = try await workspace.godwit(["volume", "backup", data, "--as", "shop/data"] + storage)
            #expect(backup.status == 0, "\(backup)")
        }
        let check = try await workspace.godwit(["repository", "check", "--read-data"] + storage)
        #expect(check.status == 0, "\(check)")
        let restore = try await workspace.godwit(
            ["volume", "restore", "latest", "--as", "shop/data", "--to", workspace.path("out")] + storage)
        #expect(restore.status == 0, "\(restore)")
        let compare = try await workspace.bash("diff -r \(data) \(workspace.path("out"))")
        #expect(compare.status == 0, "\(compare)")
    }

    /// What is wrong, and what the program says of it.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let site: CloudSite
        let storage: String
        let environment: [String: String]
        let words: [String]
        var testDescription: String { "\(site) \(words[0])" }
    }

    static var troubles: [Trouble] {
        let azure = CloudSite.azure.value("ENDPOINT")
        let gcs = CloudSite.gcs.value("ENDPOINT")
        let tenant = [
            "AZURE_TENANT_ID": CloudSite.azure.value("TENANT"),
            "AZURE_AUTHORITY_HOST": CloudSite.azure.value("AUTHORITY"),
        ]
        func application(_ client: String, _ secret: String) -> [String: String] {
            tenant.merging(["AZURE_CLIENT_ID": CloudSite.azure.value(client), "AZURE_CLIENT_SECRET": secret]) { $1 }
        }
        let secret = CloudSite.azure.value("CLIENT_SECRET")
        func account(_ name: String) -> [String: String] {
            ["GOOGLE_APPLICATION_CREDENTIALS": "\(CloudSite.gcs.value("CREDENTIALS"))/\(name).json"]
        }
        return [
            Trouble(
                site: .azure, storage: "azure://nowhere?endpoint=\(azure)", environment: CloudSite.azure.environment,
                words: ["the bucket or directory does not exist", "create the bucket or directory"]),
            Trouble(
                site: .azure, storage: "azure://godwit-test?endpoint=\(azure)",
                environment: ["AZURE_STORAGE_KEY": "d3Jvbmc="],
                words: ["credentials missing, wrong or expired", "AuthenticationFailed", "check the credentials"]),
            Trouble(
                site: .azure, storage: "azure://godwit-test?endpoint=\(azure)",
                environment: application("CLIENT_EXPIRED", secret),
                words: ["credentials missing, wrong or expired", "InvalidAuthenticationInfo"]),
            Trouble(
                site: .azure, storage: "azure://godwit-test?endpoint=\(azure)",
                environment: application("CLIENT", "wrong"),
                words: ["AADSTS7000215: Invalid client secret provided."]),
            Trouble(
                site: .azure, storage: "azure://godwit-test?endpoint=\(azure)",
                environment: application("CLIENT_READER", secret),
                words: ["access denied", "AuthorizationPermissionMismatch", "grant the credentials this permission"]),
            Trouble(
                site: .azure, storage: "azure://godwit-test", environment: [:],
                words: ["'account' cannot be used", "AZURE_STORAGE_ACCOUNT is not set"]),
            Trouble(
                site: .azure, storage: "azure://Godwit?account=abc", environment: [:],
                words: ["'Godwit' is not a container's name"]),
            Trouble(
                site: .azure, storage: "azure://godwit?colour=red", environment: [:],
                words: ["'colour' cannot be used", "there is no such setting"]),
            Trouble(
                site: .gcs, storage: "gs://nowhere?endpoint=\(gcs)", environment: account("admin"),
                words: ["the bucket or directory does not exist", "create the bucket or directory"]),
            Trouble(
                site: .gcs, storage: "gs://godwit-test?endpoint=\(gcs)", environment: account("missing"),
                words: ["credentials missing, wrong or expired", "cannot be read"]),
            Trouble(
                site: .gcs, storage: "gs://godwit-test?endpoint=\(gcs)", environment: account("expired"),
                words: ["credentials missing, wrong or expired", "authError: Invalid Credentials"]),
            Trouble(
                site: .gcs, storage: "gs://godwit-test?endpoint=\(gcs)", environment: account("reader"),
                words: ["access denied", "storage.objects.create", "grant the credentials this permission"]),
            Trouble(
                site: .gcs, storage: "gs://godwit-test?kmsKeyName=k", environment: [:],
                words: ["'kmsKeyName' cannot be used", "projects/P/locations/L"]),
        ]
    }

    @Test(arguments: troubles) func isSaid(_ trouble: Trouble) async throws {
        let workspace = try Workspace(trouble.environment)
        let run = try await workspace.godwit(
            "backup", "create", "b-\(UUID().uuidString.lowercased())", "--cluster", Shop.source, "--storage",
            trouble.storage)
        // A location that cannot be one is wrong usage.
        let isUsage = trouble.words[0].hasPrefix("'")
        #expect(run.status == (isUsage ? 2 : 1), "\(run)")
        #expect(run.errors.contains("next:"), "\(run)")
        for word in trouble.words { #expect(run.errors.contains(word), "\(run)") }
        let secret = CloudSite.azure.value("CLIENT_SECRET")
        #expect(!run.errors.contains(secret) && !run.errors.contains("d3Jvbmc="), "\(run)")
    }

    @Test func pluginsAreListed() async throws {
        let run = try await Workspace().godwit("plugin", "get")
        #expect(run.output.contains("godwit.io/azure") && run.output.contains("azure://"), "\(run)")
        #expect(run.output.contains("godwit.io/gcp") && run.output.contains("gs://"), "\(run)")
    }
}

/// An emulated cloud of the testbed.
enum CloudSite: String, CaseIterable, Sendable {
    case azure = "AZURE"
    case gcs = "GCS"

    static let areThere = allCases.allSatisfy { !$0.value("ENDPOINT").isEmpty }

    func value(_ name: String) -> String {
        ProcessInfo.processInfo.environment["GODWIT_TEST_\(rawValue)_\(name)"] ?? ""
    }

    var environment: [String: String] {
        switch self {
        case .azure: ["AZURE_STORAGE_KEY": value("KEY")]
        case .gcs: ["GOOGLE_APPLICATION_CREDENTIALS": "\(value("CREDENTIALS"))/admin.json"]
        }
    }

    func storage(_ prefix: String, more: String = "") -> String {
        switch self {
        case .azure: "azure://\(value("CONTAINER"))/\(prefix)?endpoint=\(value("ENDPOINT"))\(more)"
        case .gcs: "gs://\(value("BUCKET"))/\(prefix)?endpoint=\(value("ENDPOINT"))\(more)"
        }
    }
}
