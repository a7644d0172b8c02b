import Foundation
import ProgramTestKit

/// A workspace with a directory of programs and a directory of manifests.
struct PluginPlace {
    let workspace: Workspace
    let plugins: String
    let storage: String

    init() throws {
        workspace = try Workspace()
        plugins = try workspace.makeFolder("home/.local/share/godwit/plugins")
        storage = "file://" + (try workspace.makeFolder("store"))
        try workspace.makeFolder("manifests")
        try workspace.write(Self.manifests, to: "manifests/all.yaml")
    }

    /// Puts a program of the build into the default directory.
    func add(_ program: String, as name: String? = nil) throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(plugins)/\(name ?? program)", withDestinationPath: Self.built(program))
    }

    static func built(_ program: String) -> String { Checkout.built(program) }

    func backUp(_ name: String, _ more: String...) async throws -> ProgramResult {
        try await workspace.godwit(
            ["backup", "create", name, "--cluster", "dir:\(workspace.path("manifests"))", "--storage", storage]
                + more)
    }

    private static let manifests = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: shop}
        data: {colour: red}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: words, namespace: shop}
        data: {word: "ünï"}
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly, namespace: shop}
        spec:
          schedule: "0 3 * * *"
          suspend: false
          jobTemplate: {spec: {template: {spec: {containers: [{name: main, image: "example.com/nightly:1"}]}}}}
        """
}
