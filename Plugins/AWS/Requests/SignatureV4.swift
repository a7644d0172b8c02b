import CloudStorage
import Crypto
package import Foundation
package import HTTPTransport

/// AWS Signature Version 4, by the header and by the query ("presigned").
///
/// Source: "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference. Paths are signed as they
/// are on the wire, encoded once, as S3 asks (other services encode twice; of those used here, STS and EC2, the path is `/`).
package struct SignatureV4: Sendable {
    let region: String
    let service: String
    let date: Date

    /// A signature for a service (`s3`, `ec2`) in a region, at a time.
    package init(region: String, service: String, date: Date) {
        self.region = region
        self.service = service
        self.date = date
    }

    /// What is signed.
    package struct Subject {
        let method: String
        /// The encoded path, `/` at least.
        let path: String
        /// Names and values, not encoded.
        var query: [(name: String, value: String)]
        /// All headers to sign, `Host` among them.
        var headers: HTTPHeaders
        /// The hash of the body in hex, or `UNSIGNED-PAYLOAD`.
        let payloadHash: String

        /// What is signed.
        package init(
            method: String, path: String, query: [(name: String, value: String)], headers: HTTPHeaders,
            payloadHash: String
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.payloadHash = payloadHash
        }
    }

    /// The value for `Authorization`.
    package func authorization(_ subject: Subject, _ credentials: AWSCredentials) -> String {
        let signature = signature(subject, credentials)
        let signed = Self.signedHeaders(subject.headers)
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(signed), "
            + "Signature=\(signature)"
    }

    /// The query of a presigned URL.
    package func presignedQuery(_ subject: Subject, _ credentials: AWSCredentials, expiresIn seconds: Int) -> String {
        var subject = subject
        subject.query += [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"),
            ("X-Amz-Date", ServiceDate.basic(date)), ("X-Amz-Expires", String(seconds)),
            ("X-Amz-SignedHeaders", Self.signedHeaders(subject.headers)),
        ]
        if let token = credentials.sessionToken { subject.query.append(("X-Amz-Security-Token", token)) }
        return Self.canonicalQuery(subject.query) + "&X-Amz-Signature=" + signature(subject, credentials)
    }

    /// A query as it is signed, which is also how it is sent.
    package static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        let encoded = query.map { (name: PercentEncoding.encode($0.name), value: PercentEncoding.encode($0.value)) }
        let sorted = encoded.sorted { left, right in
            left.name == right.name ? left.value < right.value : left.name < right.name
        }
        return sorted.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    private var scope: String { "\(ServiceDate.basic(date).prefix(8))/\(region)/\(service)/aws4_request" }

    private func signature(_ subject: Subject, _ credentials: AWSCredentials) -> String {
        let canonical = Self.canonicalRequest(subject)
        let text = [
            "AWS4-HMAC-SHA256", ServiceDate.basic(date), scope, SHA256Hash.hex(Array(canonical.utf8)),
        ].joined(separator: "\n")
        var key = SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))
        for part in [String(ServiceDate.basic(date).prefix(8)), region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        return lowercaseHex(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    private static func canonicalRequest(_ subject: Subject) -> String {
        let headers = canonicalHeaders(subject.headers).map { "\($0.name):\($0.value)\n" }.joined()
        return [
            subject.method, subject.path, canonicalQuery(subject.query), headers, signedHeaders(subject.headers),
            subject.payloadHash,
        ].joined(separator: "\n")
    }

    private static func signedHeaders(_ headers: HTTPHeaders) -> String {
        canonicalHeaders(headers).map(\.name).joined(separator: ";")
    }

    /// Lower-case names in order, values joined, runs of spaces made one.
    private static func canonicalHeaders(_ headers: HTTPHeaders) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for field in headers.fields {
            let value = field.value.split(separator: " ").joined(separator: " ")
            values[field.name.lowercased(), default: []].append(value)
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.joined(separator: ",")) }
    }
}
