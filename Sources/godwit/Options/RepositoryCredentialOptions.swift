import ArgumentParser
import Foundation
import VolumeRepository

/// What opens an encrypted repository.
struct RepositoryCredentialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is the repository's password.",
            discussion: "Default: the environment variable GODWIT_REPOSITORY_PASSWORD.", valueName: "file"),
        completion: .file())
    var passwordFile: String?

    @Option(
        help: ArgumentHelp("A file of 16 or more bytes that is the repository's key.", valueName: "file"),
        completion: .file())
    var keyFile: String?

    func validate() throws {
        guard passwordFile == nil || keyFile == nil else {
            throw ValidationError("--password-file and --key-file exclude each other")
        }
    }

    /// What opens an encrypted repository; nil when nothing was given.
    func credentials() throws -> RepositoryCredentials? {
        if let passwordFile { return try RepositoryOptions.password(in: passwordFile) }
        if let keyFile { return try .keyFile(RepositoryOptions.content(of: keyFile)) }
        return try .environment(ProcessInfo.processInfo.environment)
    }
}
