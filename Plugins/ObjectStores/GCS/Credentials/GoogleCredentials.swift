import CloudStorage
import Foundation
import GodwitModel

/// Who asks: where tokens come from, and who can sign.
struct GoogleCredentials: Sendable {
    /// Where tokens come from; nil for none.
    let source: (any TokenSource)?
    /// What signs URLs.
    let signer: GoogleSigner?

    /// The one cloud whose addresses are known here.
    static let universe = "googleapis.com"
    static let scope = "https://www.googleapis.com/auth/cloud-platform"

    /// Looks for credentials where Google's libraries do ("Application Default Credentials").
    ///
    /// 1. the location's own file
    /// 2. the file that GOOGLE_APPLICATION_CREDENTIALS names
    /// 3. the file that `gcloud auth application-default login` writes
    /// 4. the metadata server: the machine's service account, and GKE's workload identity
    ///
    /// - Throws: ``CredentialsError``.
    init(
        _ configuration: GCSConfiguration, environment: [String: String], service: TokenService, local: TokenService
    ) throws(CredentialsError) {
        if configuration.isAnonymous {
            self.init(source: nil, signer: nil)
        } else if let path = try Self.file(configuration, environment) {
            let document = try Self.read(path)
            try self.init(
                document, name: "'\(path)'", service: service, local: local, account: configuration.serviceAccount)
        } else {
            let metadata = MetadataServer(service: local, environment: environment)
            self.init(source: metadata, signer: .remote(metadata, account: configuration.serviceAccount))
        }
    }

    private init(source: (any TokenSource)?, signer: GoogleSigner?) {
        self.source = source
        self.signer = signer
    }

    private static func file(
        _ configuration: GCSConfiguration, _ environment: [String: String]
    ) throws(CredentialsError) -> String? {
        if let path = configuration.credentialsFile { return path }
        if let path = environment["GOOGLE_APPLICATION_CREDENTIALS"], !path.isEmpty { return path }
        let folder = environment["CLOUDSDK_CONFIG"] ?? environment["HOME"].map { "\($0)/.config/gcloud" }
        let path = folder.map { "\($0)/application_default_credentials.json" }
        return path.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
    }

    private static func read(_ path: String) throws(CredentialsError) -> JSONValue {
        guard let content = FileManager.default.contents(atPath: path), content.count <= 1 << 18 else {
            throw CredentialsError("the credentials file '\(path)' cannot be read")
        }
        guard let document = try? JSONValue(parsing: Array(content)) else {
            // Nothing of the text goes into the message: it may be a secret.
            throw CredentialsError("the credentials file '\(path)' is not JSON")
        }
        return document
    }

    /// The credentials that a document describes.
    private init(
        _ document: JSONValue, name: String, service: TokenService, local: TokenService, account: String?
    ) throws(CredentialsError) {
        let reader = CredentialsReader(document: document, name: name)
        if let universe = document["universe_domain"]?.string, !universe.isEmpty, universe != Self.universe {
            throw CredentialsError(
                "\(name) is for the universe '\(universe)', which is not supported; \(Self.universe) is")
        }
        switch document["type"]?.string {
        case "service_account":
            let key = try ServiceAccountKey(reader, service: service)
            self.init(source: key, signer: .key(key.key, email: key.email))
        case "authorized_user":
            let user = try AuthorizedUser(reader, service: service)
            self.init(source: user, signer: account.map { .remote(user, account: $0) })
        case "external_account":
            let external = try ExternalAccount(reader, service: service, local: local)
            let source = try Self.impersonated(external, reader, service: service)
            self.init(source: source, signer: .remote(source, account: account ?? reader.impersonatedAccount))
        case "impersonated_service_account":
            guard let inner = document["source_credentials"] else { throw reader.missing("source_credentials") }
            guard inner["type"]?.string != "impersonated_service_account" else {
                throw CredentialsError("\(name): one impersonation inside another is not supported")
            }
            let own = try GoogleCredentials(inner, name: name, service: service, local: local, account: nil)
            guard let first = own.source else { throw reader.missing("source_credentials") }
            let source = try Self.impersonated(first, reader, service: service)
            self.init(source: source, signer: .remote(source, account: account ?? reader.impersonatedAccount))
        case let type:
            throw CredentialsError(
                "\(name) is of type '\(type ?? "")', which is not supported; service_account, "
                    + "authorized_user, external_account and impersonated_service_account are")
        }
    }

    private static func impersonated(
        _ source: any TokenSource, _ reader: CredentialsReader, service: TokenService
    ) throws(CredentialsError) -> any TokenSource {
        guard reader.document["service_account_impersonation_url"] != nil else { return source }
        return ImpersonatedAccount(
            service: service, source: source, url: try reader.address("service_account_impersonation_url"),
            delegates: try reader.texts("delegates"))
    }
}

/// Reads a credentials file's fields.
struct CredentialsReader {
    let document: JSONValue
    let name: String

    func text(_ field: String) throws(CredentialsError) -> String {
        guard let text = document[field]?.string, !text.isEmpty else { throw missing(field) }
        return text
    }

    /// A list of texts; empty where there is none.
    func texts(_ field: String) throws(CredentialsError) -> [String] {
        switch document[field] {
        case nil, .null?: return []
        case let value?:
            guard let values = value.array, case let texts = values.compactMap(\.string), texts.count == values.count
            else { throw CredentialsError("\(name): '\(field)' is no list of texts") }
            return texts
        }
    }

    /// An address to which secrets may be sent: over TLS, or on this machine.
    func address(_ field: String, default standard: String? = nil) throws(CredentialsError) -> String {
        let text = document[field] == nil ? standard : document[field]?.string
        guard let text else { throw missing(field) }
        guard let address = ServiceAddress(originOf: text), address.isSafe else {
            throw CredentialsError("\(name): \(field) is no https address; a secret is not sent there")
        }
        return text
    }

    func missing(_ field: String) -> CredentialsError { CredentialsError("\(name) has no '\(field)'") }

    /// The account of `…/serviceAccounts/ACCOUNT:generateAccessToken`.
    var impersonatedAccount: String? {
        document["service_account_impersonation_url"]?.string?.split(separator: "/").last?
            .split(separator: ":").first.map(String.init)
    }
}
