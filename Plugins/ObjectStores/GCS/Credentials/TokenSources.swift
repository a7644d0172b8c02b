import CloudStorage
import Foundation
import GodwitModel
import HTTPTransport

/// A service account's key, which signs an assertion that is exchanged for a token.
///
/// Source: "Using OAuth 2.0 for Server to Server Applications".
struct ServiceAccountKey: TokenSource {
    let email: String
    let key: RSAKey
    private let keyID: String?
    private let tokenAddress: String
    private let service: TokenService

    init(_ reader: CredentialsReader, service: TokenService) throws(CredentialsError) {
        email = try reader.text("client_email")
        key = try RSAKey(pem: try reader.text("private_key"), name: reader.name)
        keyID = reader.document["private_key_id"]?.string
        tokenAddress = try reader.address("token_uri", default: "https://oauth2.googleapis.com/token")
        self.service = service
    }

    var name: String { "Google's token service (key of \(email))" }

    func fetch() async throws -> AccessToken {
        let now = Int64(Date().timeIntervalSince1970)
        var token = JSONWebToken(claims: [
            "iss": .string(email), "scope": .string(GoogleCredentials.scope), "aud": .string(tokenAddress),
            "iat": .integer(now), "exp": .integer(now + 3600),
        ])
        if let keyID { token.header["kid"] = .string(keyID) }
        let form = [
            (name: "grant_type", value: "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", try token.signed(.rs256, with: key)),
        ]
        return try AccessToken(try await service.post(form, to: tokenAddress, name: name), from: name)
    }
}

/// A person, by what `gcloud auth application-default login` left.
struct AuthorizedUser: TokenSource {
    private let clientID: String
    private let clientSecret: String
    private let refreshToken: String
    private let tokenAddress: String
    private let service: TokenService

    init(_ reader: CredentialsReader, service: TokenService) throws(CredentialsError) {
        clientID = try reader.text("client_id")
        clientSecret = try reader.text("client_secret")
        refreshToken = try reader.text("refresh_token")
        tokenAddress = try reader.address("token_uri", default: "https://oauth2.googleapis.com/token")
        self.service = service
    }

    let name = "Google's token service (refresh token)"

    func fetch() async throws -> AccessToken {
        let form = [
            (name: "grant_type", value: "refresh_token"), ("client_id", clientID), ("client_secret", clientSecret),
            ("refresh_token", refreshToken),
        ]
        return try AccessToken(try await service.post(form, to: tokenAddress, name: name), from: name)
    }
}

/// The metadata server of a machine, and of GKE's workload identity.
///
/// Source: "Authenticate workloads to Google Cloud APIs using service accounts".
struct MetadataServer: TokenSource {
    private let service: TokenService
    private let host: String
    private let place: NearbyService

    let name = "the metadata server"

    /// - Parameter environment: the process's environment: GCE_METADATA_HOST says where the server is.
    init(service: TokenService, environment: [String: String]) {
        self.service = service
        let named = environment["GCE_METADATA_HOST"].flatMap { $0.isEmpty ? nil : $0 }
        host = named ?? "metadata.google.internal"
        place = NearbyService(isNamed: named != nil, environment: environment)
    }

    private var base: String { "http://\(host)/computeMetadata/v1/instance/service-accounts/default" }

    func fetch() async throws -> AccessToken {
        let body = try await read("\(base)/token")
        guard let document = try? JSONValue(parsing: body) else { throw CredentialsError("\(name) gave no JSON") }
        return try AccessToken(document, from: name)
    }

    /// The service account's address.
    func email() async throws -> String {
        String(decoding: try await read("\(base)/email"), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func read(_ url: String) async throws -> [UInt8] {
        do {
            let (head, body) = try await place.ask {
                try await service.send("GET", url, headers: ["Metadata-Flavor": "Google"], name: name)
            }
            if CredentialsError.isPassing(head.status) { throw CredentialsError(name, answered: head.status) }
            // Anything may answer at that name in a strange network.
            guard head.headers["Metadata-Flavor"] == "Google" else {
                throw CredentialsError("what answers at \(host) is not Google's metadata server")
            }
            guard head.status == 200 else { throw CredentialsError(name, answered: head.status) }
            return body
        } catch is HTTPTransportError {
            throw CredentialsError(
                "no credentials found: GOOGLE_APPLICATION_CREDENTIALS is not set, gcloud has left none, "
                    + "and no metadata server answers at \(host)", isPassing: place.isThere)
        }
    }
}

/// A token of another issuer, exchanged for one of Google's: workload identity federation.
///
/// Source: AIP-4117, "External account credentials". Tokens from files and URLs; AWS and programs are refused.
struct ExternalAccount: TokenSource {
    private enum Subject: Sendable {
        case file(String)
        case url(String, headers: HTTPHeaders)
    }

    private let audience: String
    private let tokenType: String
    private let tokenAddress: String
    private let subject: Subject
    /// The field of a JSON document; nil when the token stands there by itself.
    private let field: String?
    /// The project that a person of a workforce pool works for; it is charged.
    private let userProject: String?
    private let service: TokenService
    private let local: TokenService

    init(_ reader: CredentialsReader, service: TokenService, local: TokenService) throws(CredentialsError) {
        audience = try reader.text("audience")
        tokenType = try reader.text("subject_token_type")
        tokenAddress = try reader.address("token_url", default: "https://sts.googleapis.com/v1/token")
        guard let source = reader.document["credential_source"] else { throw reader.missing("credential_source") }
        if let file = source["file"]?.string {
            subject = .file(file)
        } else if let url = source["url"]?.string, source["environment_id"] == nil {
            var headers: HTTPHeaders = [:]
            for (name, value) in (source["headers"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
                headers[name] = value.string
            }
            subject = .url(url, headers: headers)
        } else {
            throw CredentialsError(
                "\(reader.name): of external accounts only tokens in a file or at a URL are supported")
        }
        let format = source["format"]
        let isJSON = format?["type"]?.string == "json"
        field = isJSON ? format?["subject_token_field_name"]?.string : nil
        guard !isJSON || field != nil else { throw reader.missing("credential_source.format.subject_token_field_name") }
        userProject = reader.document["workforce_pool_user_project"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        guard userProject == nil || audience.contains("/workforcePools/") else {
            throw CredentialsError(
                "\(reader.name): 'workforce_pool_user_project' is of use with a workforce pool as the audience only")
        }
        self.service = service
        self.local = local
    }

    let name = "Google's Security Token Service"

    func fetch() async throws -> AccessToken {
        var form = [
            (name: "grant_type", value: "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", audience), ("scope", GoogleCredentials.scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", try await subjectToken()), ("subject_token_type", tokenType),
        ]
        if let userProject {
            let options: JSONValue = ["userProject": .string(userProject)]
            form.append(("options", String(decoding: options.serialized(), as: UTF8.self)))
        }
        return try AccessToken(try await service.post(form, to: tokenAddress, name: name), from: name)
    }

    private func subjectToken() async throws -> String {
        let bytes: [UInt8]
        switch subject {
        case .file(let path): bytes = try await TokenService.tokenInFile(path, name: name)
        case .url(let url, let headers):
            let place = "the subject token's address"
            let (head, body) = try await local.send("GET", url, headers: headers, name: place)
            guard head.status == 200 else { throw CredentialsError(place, answered: head.status) }
            bytes = body
        }
        guard let field else {
            return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let token = (try? JSONValue(parsing: bytes))?[field]?.string else {
            throw CredentialsError("the subject token's document has no '\(field)'")
        }
        return token
    }
}

/// A token of another service account, which ours may ask for.
///
/// Source: IAM Service Account Credentials API, `generateAccessToken`.
struct ImpersonatedAccount: TokenSource {
    let service: TokenService
    let source: any TokenSource
    let url: String
    /// The accounts by which the request goes, each of which may ask for the next one's token.
    let delegates: [String]

    let name = "IAM (generateAccessToken)"

    func fetch() async throws -> AccessToken {
        var question: JSONValue = ["scope": [.string(GoogleCredentials.scope)], "lifetime": "3600s"]
        if !delegates.isEmpty { question["delegates"] = .array(delegates.map { .string($0) }) }
        let document = try await service.post(json: question, to: url, token: try await source.fetch(), name: name)
        guard let token = document["accessToken"]?.string else { throw CredentialsError("\(name) gave no accessToken") }
        return AccessToken(
            token, expiration: document["expireTime"]?.string.flatMap(ServiceDate.parseExtended))
    }
}
