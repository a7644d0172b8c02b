import CloudStorage
import Foundation
import GodwitModel
import HTTPTransport
import Streams

/// A role to assume.
struct AssumeRole: Sendable {
    let role: String
    let session: String
    var externalID: String?
    /// Seconds; nil for the service's hour.
    var duration: Int?
}

/// Temporary credentials from AWS STS.
///
/// Source: AWS Security Token Service API reference, version 2011-06-15.
struct SecurityTokenService: Sendable {
    let http: any HTTPClient
    let region: String
    /// The service's address; nil for AWS's own in the region.
    let endpoint: String?
    /// Whether AWS's own is the one with cryptography validated by FIPS 140.
    var usesFIPS = false

    /// Assumes a role with credentials that may.
    func assume(_ request: AssumeRole, with credentials: AWSCredentials) async throws -> AWSCredentials {
        try await send(form(request, action: "AssumeRole"), signedWith: credentials, role: request.role)
    }

    /// Assumes a role with a token in a file, as Kubernetes projects it. The file is read anew each time.
    func assume(_ request: AssumeRole, webIdentityTokenFile path: String) async throws -> AWSCredentials {
        let content = try await BlockingPool.shared.run { FileManager.default.contents(atPath: path) }
        guard let content, content.count <= 1 << 16 else {
            throw CredentialsError("the web identity token file '\(path)' cannot be read")
        }
        let token = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let form = form(request, action: "AssumeRoleWithWebIdentity") + [("WebIdentityToken", token)]
        return try await send(form, signedWith: nil, role: request.role)
    }

    private func form(_ request: AssumeRole, action: String) -> [(name: String, value: String)] {
        var form = [
            (name: "Action", value: action), ("Version", "2011-06-15"), ("RoleArn", request.role),
            ("RoleSessionName", request.session),
        ]
        if let id = request.externalID { form.append(("ExternalId", id)) }
        if let duration = request.duration { form.append(("DurationSeconds", String(duration))) }
        return form
    }

    private func send(
        _ form: [(name: String, value: String)], signedWith credentials: AWSCredentials?, role: String
    ) async throws -> AWSCredentials {
        let own = ServiceAddress.sts(region: region, isFIPS: usesFIPS)
        guard let address = endpoint.map({ ServiceAddress($0) }) ?? own else {
            throw CredentialsError("AWS_ENDPOINT_URL_STS is not like https://host:port")
        }
        let body = Array(SignatureV4.canonicalQuery(form).utf8)
        var headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"]
        if let credentials { sign(&headers, body, address, credentials) }
        let url = "\(address.text)/"
        let (head, bytes) = try await TokenService(http).send("POST", url, headers: headers, body: body, name: "STS")
        let answer = XMLElement.parse(bytes)
        guard head.status == 200 else {
            let error = answer?.first("Error")
            let parts = [error?.text("Code"), error?.text("Message")].compactMap { $0 }.joined(separator: ": ")
            throw CredentialsError("assuming \(role): STS", answered: head.status, parts)
        }
        guard let found = answer?.first("Credentials"), let id = found.text("AccessKeyId"),
            let secret = found.text("SecretAccessKey")
        else { throw CredentialsError("assuming \(role): the answer of STS holds no credentials") }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: found.text("SessionToken"),
            expiration: found.text("Expiration").flatMap(ServiceDate.parseExtended))
    }

    private func sign(
        _ headers: inout HTTPHeaders, _ body: [UInt8], _ address: ServiceAddress, _ credentials: AWSCredentials
    ) {
        let date = Date()
        headers["Host"] = address.authority
        headers["x-amz-date"] = ServiceDate.basic(date)
        headers["x-amz-security-token"] = credentials.sessionToken
        let subject = SignatureV4.Subject(
            method: "POST", path: address.basePath + "/", query: [], headers: headers,
            payloadHash: SHA256Hash.hex(body))
        let signature = SignatureV4(region: region, service: "sts", date: date)
        headers["Authorization"] = signature.authorization(subject, credentials)
        headers["Host"] = nil
    }
}

/// A role that a token in a file allows, as EKS sets it up for service accounts.
struct WebIdentityCredentials: CredentialsSource {
    let environment: [String: String]
    let sts: SecurityTokenService

    let name = "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"

    func load() async throws -> AWSCredentials? {
        guard let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], !file.isEmpty else { return nil }
        guard let role = environment["AWS_ROLE_ARN"], !role.isEmpty else {
            throw CredentialsError("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN")
        }
        let request = AssumeRole(role: role, session: environment["AWS_ROLE_SESSION_NAME"] ?? "godwit")
        return try await sts.assume(request, webIdentityTokenFile: file)
    }
}
