import CloudStorage
import Foundation

/// What requests to the blob service are authorized with.
enum AzureAuthorization: Sendable {
    /// The account's key signs each request.
    case sharedKey(AzureAccountKey)
    /// The account's key, which has to be asked for first.
    case fetchedKey(RenewedValue<AzureAccountKey>)
    /// A query that is added to each request.
    case sas([(name: String, value: String)])
    /// A token goes with each request.
    case token(RenewedValue<AccessToken>)
}

/// An account's key.
struct AzureAccountKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let bytes: [UInt8]

    /// Reads the base64 that the portal shows.
    init(_ text: String, from name: String) throws(CredentialsError) {
        guard let data = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), !data.isEmpty
        else { throw CredentialsError("the account key in \(name) is not base64") }
        bytes = Array(data)
    }

    /// A key of a user delegation, or one that is known.
    init(bytes: [UInt8]) { self.bytes = bytes }

    var description: String { "(account key)" }
    var debugDescription: String { "(account key)" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Finds what a location's requests are authorized with.
///
/// 1. the account's key: `AZURE_STORAGE_KEY`, `AZURE_STORAGE_ACCOUNT_ACCESS_KEY`, `AZURE_STORAGE_ACCOUNT_KEY`, or the
///    variable that the location names
/// 2. a shared access signature: `AZURE_STORAGE_SAS_TOKEN`
/// 3. a token: of an application (secret, certificate), of a federated token (workload identity), of a managed identity
///
/// With a subscription and a resource group the token fetches the account's key, as Velero does without `useAAD`.
struct AzureAuthorizationSearch {
    let configuration: AzureConfiguration
    let variables: AzureVariables
    /// The process's environment.
    let environment: [String: String]
    /// For Entra ID and Resource Manager.
    let service: TokenService
    /// For addresses of the machine itself; uses no proxy.
    let local: TokenService
    let account: String
    let cloud: AzureCloud

    /// - Throws: ``CredentialsError``.
    func find() throws(CredentialsError) -> AzureAuthorization {
        let wanted = configuration.authentication
        if wanted == .automatic || wanted == .key, let key = try accountKey() { return .sharedKey(key) }
        if wanted == .automatic || wanted == .sas, let sas = try sasQuery() { return .sas(sas) }
        if wanted == .sas { throw CredentialsError("AZURE_STORAGE_SAS_TOKEN is not set in \(variables.place)") }
        if wanted != .entra, let group = resourceGroup, let subscription = subscriptionID {
            let keys = AccountKeys(
                service: service, subscription: subscription, resourceGroup: group, account: account,
                resourceManager: try resourceManager())
            let token = Self.renewed(try tokenSource()(keys.resource))
            // Keys are rotated, and nobody says when.
            return .fetchedKey(
                RenewedValue(margin: 0, end: { _ in nil }, fetch: { try await keys.fetch(try await token.value()) }))
        }
        if wanted == .key {
            throw CredentialsError(
                "there is no account key in \(variables.place), and no subscription-id and resource-group to ask for it"
            )
        }
        return .token(Self.renewed(try tokenSource()("https://storage.azure.com")))
    }

    private static func renewed(_ source: any TokenSource) -> RenewedValue<AccessToken> {
        RenewedValue(end: \.expiration, fetch: { try await source.fetch() })
    }

    private var resourceGroup: String? { configuration.resourceGroup ?? variables["AZURE_RESOURCE_GROUP"] }
    private var subscriptionID: String? { configuration.subscriptionID ?? variables["AZURE_SUBSCRIPTION_ID"] }

    private func accountKey() throws(CredentialsError) -> AzureAccountKey? {
        if let name = configuration.keyVariable {
            guard let value = variables[name] else {
                throw CredentialsError("\(name) is not set in \(variables.place)")
            }
            return try AzureAccountKey(value, from: name)
        }
        for name in ["AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_KEY"] {
            if let value = variables[name] { return try AzureAccountKey(value, from: name) }
        }
        return nil
    }

    private func sasQuery() throws(CredentialsError) -> [(name: String, value: String)]? {
        guard let text = variables["AZURE_STORAGE_SAS_TOKEN"] else { return nil }
        var query: [(name: String, value: String)] = []
        for pair in (text.hasPrefix("?") ? text.dropFirst() : text[...]).split(separator: "&") {
            guard let equals = pair.firstIndex(of: "="),
                let value = String(pair[equals...].dropFirst()).removingPercentEncoding
            else { throw CredentialsError("AZURE_STORAGE_SAS_TOKEN is not a query") }
            query.append((String(pair[..<equals]), value))
        }
        guard query.contains(where: { $0.name == "sig" }) else {
            throw CredentialsError("AZURE_STORAGE_SAS_TOKEN has no signature (sig=)")
        }
        return query
    }

    /// Makes the source of tokens for a resource.
    private func tokenSource() throws(CredentialsError) -> (String) throws(CredentialsError) -> any TokenSource {
        let clientID = configuration.clientID ?? variables["AZURE_CLIENT_ID"]
        let tenant = configuration.tenantID ?? variables["AZURE_TENANT_ID"]
        let proof = try clientProof()
        guard let clientID, let tenant, let proof else {
            if let name = proof?.variable {
                // The machine is somebody else than the application that was meant.
                throw CredentialsError(
                    tenant == nil
                        ? "AZURE_TENANT_ID is missing beside \(name); set it or tenant-id"
                        : "AZURE_CLIENT_ID is missing beside \(name); set it or client-id")
            }
            if proof == nil, variables["AZURE_USERNAME"] != nil || variables["AZURE_PASSWORD"] != nil {
                throw CredentialsError(
                    "AZURE_USERNAME and AZURE_PASSWORD are not supported: a person's password proves nothing where a "
                        + "second factor is asked for; use an application's secret or certificate")
            }
            // Without a proof of its own the machine speaks for us.
            let identity = ManagedIdentity(
                service: local, clientID: clientID, variables: variables, environment: environment)
            return { (resource: String) throws(CredentialsError) in identity.source(of: resource) }
        }
        let authority = try tokenAuthority()
        return { [service] (resource: String) throws(CredentialsError) in
            EntraApplication(
                service: service, tokenAddress: "\(authority)/\(tenant)/oauth2/v2.0/token", clientID: clientID,
                proof: proof, scope: "\(resource)/.default")
        }
    }

    private func tokenAuthority() throws(CredentialsError) -> String {
        try safeAddress(configuration.authority?.text ?? variables["AZURE_AUTHORITY_HOST"] ?? cloud.authority)
    }

    private func resourceManager() throws(CredentialsError) -> String {
        try safeAddress(variables["AZURE_RESOURCE_MANAGER_ENDPOINT"] ?? cloud.resourceManager)
    }

    private func safeAddress(_ text: String) throws(CredentialsError) -> String {
        guard let address = ServiceAddress(text), address.isSafe else {
            throw CredentialsError("'\(text)' is no https address; a secret is not sent there")
        }
        return address.text
    }

    private func clientProof() throws(CredentialsError) -> EntraApplication.Proof? {
        if let secret = variables["AZURE_CLIENT_SECRET"] { return .secret(secret) }
        if let path = variables["AZURE_CLIENT_CERTIFICATE_PATH"] {
            guard let content = FileManager.default.contents(atPath: path), content.count <= 1 << 18 else {
                throw CredentialsError("AZURE_CLIENT_CERTIFICATE_PATH: '\(path)' cannot be read")
            }
            return .certificate(try certificate(String(decoding: content, as: UTF8.self), name: "'\(path)'"))
        }
        if let pem = variables["AZURE_CLIENT_CERTIFICATE"] {
            return .certificate(try certificate(pem, name: "AZURE_CLIENT_CERTIFICATE"))
        }
        return variables["AZURE_FEDERATED_TOKEN_FILE"].map { .federatedTokenFile($0) }
    }

    private func certificate(_ pem: String, name: String) throws(CredentialsError) -> ClientCertificate {
        let sendsChain = ["1", "true"].contains(variables["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"]?.lowercased())
        return try ClientCertificate(pem: pem, name: name, sendsChain: sendsChain)
    }
}
