import CloudStorage
import Foundation
import HTTPTransport

/// Tokens of the identity that Azure gives a machine, a container app or a server under Azure Arc.
///
/// Sources: "How to use managed identities for Azure resources on an Azure VM to acquire an access token", "How to use
/// managed identities for App Service and Azure Functions", "Authenticate against Azure resources with Azure Arc-enabled
/// servers".
struct ManagedIdentity: Sendable {
    let service: TokenService
    /// The user-assigned identity; nil for the system's.
    let clientID: String?
    let variables: AzureVariables
    /// The process's environment.
    let environment: [String: String]

    /// The tokens for a resource.
    func source(of resource: String) -> any TokenSource {
        guard let endpoint = variables["IDENTITY_ENDPOINT"] else {
            let named = variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
            return InstanceIdentity(
                service: service, host: named ?? "http://169.254.169.254", resource: resource, clientID: clientID,
                place: NearbyService(isNamed: named != nil, environment: environment))
        }
        if let header = variables["IDENTITY_HEADER"] {
            return AppServiceIdentity(
                service: service, endpoint: endpoint, header: header, resource: resource, clientID: clientID)
        }
        return ArcIdentity(service: service, endpoint: endpoint, resource: resource)
    }

    fileprivate static func query(_ pairs: [(name: String, value: String?)]) -> String {
        pairs.compactMap { pair in
            pair.value.map { "\(pair.name)=\(PercentEncoding.encode($0))" }
        }.joined(separator: "&")
    }
}

/// The instance metadata service.
private struct InstanceIdentity: TokenSource {
    let service: TokenService
    let host: String
    let resource: String
    let clientID: String?
    let place: NearbyService

    var name: String { "managed identity (\(host))" }

    func fetch() async throws -> AccessToken {
        let query = ManagedIdentity.query([
            ("api-version", "2018-02-01"), ("resource", resource + "/"), ("client_id", clientID),
        ])
        do {
            // It says 404 and 410 while it is brought up to date, for 70 seconds at most.
            let document = try await place.ask {
                try await service.document(
                    "GET", "\(host)/metadata/identity/oauth2/token?\(query)", headers: ["Metadata": "true"], name: name,
                    passing: [404, 410])
            }
            return try AccessToken(document, from: name)
        } catch is HTTPTransportError {
            throw CredentialsError(
                "no credentials found: no account key, no SAS, no application's secret, certificate or federated token "
                    + "is set, and no managed identity answers at \(host)", isPassing: place.isThere)
        }
    }
}

/// App Service, Functions, Container Apps.
private struct AppServiceIdentity: TokenSource {
    let service: TokenService
    let endpoint: String
    let header: String
    let resource: String
    let clientID: String?

    let name = "managed identity (IDENTITY_ENDPOINT)"

    func fetch() async throws -> AccessToken {
        let query = ManagedIdentity.query([
            ("api-version", "2019-08-01"), ("resource", resource + "/"), ("client_id", clientID),
        ])
        let document = try await service.document(
            "GET", "\(endpoint)?\(query)", headers: ["X-IDENTITY-HEADER": header], name: name)
        return try AccessToken(document, from: name)
    }
}

/// A server under Azure Arc: the agent's secret, in a file that only its group can read, proves where we run.
private struct ArcIdentity: TokenSource {
    /// Where the agent puts its secrets. Another place in its answer is no answer of the agent.
    private static let folder = "/var/opt/azcmagent/tokens/"

    let service: TokenService
    let endpoint: String
    let resource: String

    let name = "managed identity of Azure Arc"

    func fetch() async throws -> AccessToken {
        let query = ManagedIdentity.query([("api-version", "2019-11-01"), ("resource", resource + "/")])
        let url = "\(endpoint)?\(query)"
        let (challenge, _) = try await service.send("GET", url, headers: ["Metadata": "true"], name: name)
        guard challenge.status == 401, let realm = challenge.headers["WWW-Authenticate"],
            let mark = realm.firstRange(of: "realm=")
        else { throw CredentialsError(name, answered: challenge.status, "instead of naming its secret") }
        let path = String(realm[mark.upperBound...]).trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
        guard path.hasPrefix(Self.folder), path.hasSuffix(".key"), !path.contains("..") else {
            throw CredentialsError("\(name) names a secret outside \(Self.folder)")
        }
        let secret = try await TokenService.tokenInFile(path, name: name)
        guard secret.count <= 4096, !secret.contains(where: { $0 < 0x20 || $0 > 0x7E }) else {
            throw CredentialsError("\(name): its secret is not what the agent writes")
        }
        let document = try await service.document(
            "GET", url,
            headers: ["Metadata": "true", "Authorization": "Basic \(String(decoding: secret, as: UTF8.self))"],
            name: name)
        return try AccessToken(document, from: name)
    }
}
