import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import VolumeRepository

/// How the repository of volume data is opened.
struct RepositoryOptions: ParsableArguments {
    @OptionGroup var storage: StorageOptions

    @OptionGroup var credentialOptions: RepositoryCredentialOptions

    /// Opens the repository of the location.
    func open(_ global: GlobalOptions) async throws -> Repository {
        let credentials = try credentials()
        return try await Repository.open(store: try await store(global), credentials: credentials)
    }

    /// Opens the repository of the location, and makes it where there is none.
    func openOrCreate(_ global: GlobalOptions) async throws -> Repository {
        let credentials = try credentials()
        return try await Repository.openOrCreate(store: try await store(global), credentials: credentials)
    }

    /// The location's store.
    func store(_ global: GlobalOptions) async throws -> any ObjectStore {
        try await StorageOptions.store(storage.location(global).location, global)
    }

    /// What opens an encrypted repository; nil when nothing was given.
    func credentials() throws -> RepositoryCredentials? { try credentialOptions.credentials() }

    /// What opens an encrypted repository.
    ///
    /// - Throws: ``RepositoryError/Kind/credentialsNeeded`` when nothing was given.
    func requiredCredentials() throws -> RepositoryCredentials {
        guard let credentials = try credentials() else {
            throw RepositoryError(.credentialsNeeded, subject: "the repository")
        }
        return credentials
    }

    /// The password in the first line of a file.
    static func password(in path: String) throws -> RepositoryCredentials {
        var line = try content(of: path).prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw SecretFileError(path: path, reason: "its first line is not UTF-8 text")
        }
        return try .password(text)
    }

    /// All bytes of a small file.
    static func content(of path: String) throws -> [UInt8] {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            // No key is larger; a device that never ends is not read for ever.
            return Array(try file.read(upToCount: 1 << 20) ?? Data())
        } catch {
            throw SecretFileError(path: path, reason: error.localizedDescription)
        }
    }
}

/// A file with a password or a key cannot be used.
struct SecretFileError: AdvisedError {
    let path: String
    let reason: String?
    var summary: String { "cannot read the password or key in '\(path)'" }
    var advice: String? { nil }
}
