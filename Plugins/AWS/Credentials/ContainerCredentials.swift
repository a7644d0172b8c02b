import CloudStorage
import Foundation
import Glibc
import HTTPTransport
import Streams

/// Credentials that a container's host hands out: ECS tasks, EKS pod identity.
///
/// Source: "Container credential provider" in the AWS SDKs and Tools reference.
struct ContainerCredentials: CredentialsSource {
    let environment: [String: String]
    let http: any HTTPClient

    let name = "the container's host (AWS_CONTAINER_CREDENTIALS_…)"

    func load() async throws -> AWSCredentials? {
        guard let url = try address() else { return nil }
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let token = try await token() { headers["Authorization"] = token }
        let timeouts = HTTPTimeouts(connect: .seconds(2), idle: .seconds(10), total: .seconds(20))
        let (head, body) = try await TokenService(http, timeouts: timeouts).send(
            "GET", url, headers: headers, name: name)
        guard head.status == 200 else { throw CredentialsError(name, answered: head.status) }
        return try CredentialsDocument.parse(body, from: name)
    }

    private func address() throws -> String? {
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !path.isEmpty {
            guard path.hasPrefix("/") else {
                throw CredentialsError("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'")
            }
            return "http://169.254.170.2\(path)"
        }
        guard let url = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], !url.isEmpty else { return nil }
        guard Self.isTrusted(url) else {
            throw CredentialsError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine or its host")
        }
        return url
    }

    /// Whether a token may be sent there: over TLS, or to loopback and the link-local addresses of ECS and EKS.
    private static func isTrusted(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        guard url.hasPrefix("http://"), !url.contains("@"), !url.contains("\\") else { return false }
        let rest = url.dropFirst("http://".count).prefix { !"/?#".contains($0) }
        let host =
            rest.hasPrefix("[") ? String(rest.dropFirst().prefix { $0 != "]" }) : String(rest.prefix { $0 != ":" })
        if ["localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23", "::1"].contains(host) { return true }
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    private func token() async throws -> String? {
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], !path.isEmpty {
            // Read anew each time: it is rotated.
            let content = try await BlockingPool.shared.run { FileManager.default.contents(atPath: path) }
            guard let content, content.count <= 1 << 16 else {
                throw CredentialsError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE '\(path)' cannot be read")
            }
            token = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let token, !token.isEmpty else { return nil }
        guard !token.utf8.contains(where: { $0 < 0x20 }) else {
            throw CredentialsError("the container's authorization token holds a line break")
        }
        return token
    }
}
