import CloudStorage
import GodwitModel
import HTTPTransport
import Streams

/// Credentials of the instance's role, from its metadata service with a session token (IMDSv2 only).
///
/// Source: "Use the Instance Metadata Service to access instance metadata" in the Amazon EC2 user guide.
struct InstanceCredentials: CredentialsSource {
    private let environment: [String: String]
    private let http: any HTTPClient
    private let place: NearbyService

    init(environment: [String: String], http: any HTTPClient) {
        self.environment = environment
        self.http = http
        let named = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"].map { !$0.isEmpty } ?? false
        place = NearbyService(isNamed: named, environment: environment)
    }

    let name = "the instance's metadata"

    private var base: String {
        var address = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 }
        while let text = address, text.hasSuffix("/") { address = String(text.dropLast()) }
        return address ?? "http://169.254.169.254"
    }

    func load() async throws -> AWSCredentials? {
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
        // Elsewhere than on EC2 nobody answers, or something else does: then there is nothing here.
        guard let token = try await tokenIfThere() else { return nil }
        let headers: HTTPHeaders = ["X-aws-ec2-metadata-token": token]
        let roles = "\(base)/latest/meta-data/iam/security-credentials/"
        guard let list = try await text("GET", roles, headers),
            let role = list.split(whereSeparator: \.isNewline).first
        else { return nil }
        let url = roles + PercentEncoding.encode(String(role))
        guard let document = try await text("GET", url, headers) else {
            throw CredentialsError("\(name) names the role \(role) but has no credentials for it")
        }
        return try CredentialsDocument.parse(Array(document.utf8), from: name)
    }

    private func tokenIfThere() async throws -> String? {
        do {
            let token = try await place.ask {
                try await text(
                    "PUT", "\(base)/latest/api/token", ["X-aws-ec2-metadata-token-ttl-seconds": "21600"], body: [])
            }
            guard let token, !token.isEmpty, !token.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
                return nil
            }
            return token
        } catch let error as HTTPTransportError {
            if place.isThere { throw CredentialsError("\(name): \(error)", isPassing: true) }
            return nil
        }
    }

    /// The body of a 200; nil for any other answer that stays what it is.
    private func text(
        _ method: String, _ url: String, _ headers: HTTPHeaders, body: [UInt8]? = nil
    ) async throws -> String? {
        let timeouts = HTTPTimeouts(connect: .seconds(1), idle: .seconds(2), total: .seconds(5))
        let (head, text) = try await TokenService(http, timeouts: timeouts).send(
            method, url, headers: headers, body: body, name: name)
        if CredentialsError.isPassing(head.status) { throw CredentialsError(name, answered: head.status) }
        return head.status == 200 ? String(decoding: text, as: UTF8.self) : nil
    }
}
