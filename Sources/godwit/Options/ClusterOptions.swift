import ArgumentParser
import Foundation
import GodwitModel
import HTTPTransport
import KubernetesClient

/// Which cluster.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "kubeconfig (the default), or dir:PATH for a directory of manifests.", valueName: "kubeconfig|dir:PATH"))
    var cluster = "kubeconfig"

    @Option(help: ArgumentHelp("The kubeconfig file.", valueName: "file"), completion: .file())
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The context of the kubeconfig.", valueName: "name"))
    var context: String?

    func validate() throws {
        guard cluster == "kubeconfig" || directory != nil else {
            throw ValidationError("--cluster is 'kubeconfig' or 'dir:PATH'")
        }
        guard directory == nil || (kubeconfig == nil && context == nil) else {
            throw ValidationError("--cluster dir:PATH goes with neither --kubeconfig nor --context")
        }
    }

    /// The path of a manifest directory, if that is what was named.
    var directory: String? {
        cluster.hasPrefix("dir:") && cluster.utf8.count > 4 ? String(cluster.dropFirst(4)) : nil
    }

    /// Opens the cluster.
    ///
    /// - Parameters:
    ///   - isTarget: it is going to be written to, so a directory that does not exist is made.
    ///   - isDryRun: nothing is written after all, and a directory that does not exist is an empty one.
    func open(isTarget: Bool = false, isDryRun: Bool = false) throws -> any Cluster {
        if let directory {
            return ManifestDirectory(
                path: directory, creating: isTarget && !isDryRun, missingIsEmpty: isTarget && isDryRun)
        }
        var configuration = try ClusterConfiguration.load(
            kubeconfigPath: kubeconfig, context: context, environment: ProcessInfo.processInfo.environment)
        configuration.http.userAgent = Version.userAgent
        return try KubernetesCluster(configuration) { try CurlClient(configuration: $0) }
    }
}
