import CloudStorage
import Foundation

/// The `AZURE_…` variables: those of a credentials file, and those of the environment.
struct AzureVariables: Sendable {
    private let values: [String: String]
    /// Where they stand, as a message names it.
    let place: String

    /// What is itself a proof of who asks. A file that has one of these counts alone, so that half of one identity
    /// is never mixed with half of another.
    private static let proofs = [
        "AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE",
        "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_PASSWORD",
    ]

    /// - Parameters:
    ///   - file: the location's own; nil for the one that AZURE_CREDENTIALS_FILE names.
    ///   - keyVariable: the variable of the account's key, where it has a name of its own.
    /// - Throws: ``CredentialsError``.
    init(file: String?, keyVariable: String?, environment: [String: String]) throws(CredentialsError) {
        let named = file ?? environment["AZURE_CREDENTIALS_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = named else {
            values = environment
            place = "the environment"
            return
        }
        guard let content = FileManager.default.contents(atPath: path), content.count <= 1 << 18,
            let text = String(validating: content, as: UTF8.self)
        else { throw CredentialsError("the credentials file '\(path)' cannot be read") }
        let own = try VariablesFile(text, path: path).values
        let proofs = Self.proofs + [keyVariable].compactMap { $0 }
        let isComplete = proofs.contains { !(own[$0] ?? "").isEmpty }
        values = isComplete ? own : environment.merging(own) { _, own in own }
        place = isComplete ? "'\(path)'" : "'\(path)' and the environment"
    }

    /// The value of a variable; nil when it is not set or empty.
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
