import Foundation
package import GodwitModel
package import HTTPTransport
import Streams

/// Talks to services that give tokens: small requests, small answers in JSON.
package struct TokenService: Sendable {
    private let http: any HTTPClient
    private let timeouts: HTTPTimeouts

    /// - Parameter timeouts: of a request; metadata services answer at once or not at all.
    package init(
        _ http: any HTTPClient,
        timeouts: HTTPTimeouts = HTTPTimeouts(connect: .seconds(10), idle: .seconds(30), total: .seconds(60))
    ) {
        self.http = http
        self.timeouts = timeouts
    }

    /// Sends a form, as OAuth 2 asks for (RFC 6749).
    package func post(_ form: [(name: String, value: String)], to url: String, name: String) async throws -> JSONValue {
        let body = form.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
        let headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"]
        return try await document("POST", url, headers: headers, body: Array(body.utf8), name: name)
    }

    /// Sends JSON.
    package func post(
        json: JSONValue, to url: String, token: AccessToken, name: String
    ) async throws -> JSONValue {
        let headers: HTTPHeaders = [
            "Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer \(token.value)",
        ]
        return try await document("POST", url, headers: headers, body: json.serialized(), name: name)
    }

    /// Sends a request and reads the answer.
    ///
    /// - Parameter passing: statuses after which the service may be asked again, besides those that always pass.
    package func document(
        _ method: String, _ url: String, headers: HTTPHeaders, body: [UInt8]? = nil, name: String,
        passing: Set<Int> = []
    ) async throws -> JSONValue {
        let (response, bytes) = try await send(method, url, headers: headers, body: body, name: name)
        let document = try? JSONValue(parsing: bytes)
        guard response.status == 200 else {
            throw CredentialsError(name, answered: response.status, Self.explanation(document), passing: passing)
        }
        guard let document else { throw CredentialsError("\(name) did not answer with JSON") }
        return document
    }

    /// Sends a request and gives the answer whatever it is.
    ///
    /// - Throws: ``CredentialsError`` when it is too long for one, errors of the transport.
    package func send(
        _ method: String, _ url: String, headers: HTTPHeaders, body: [UInt8]? = nil, name: String
    ) async throws -> (head: HTTPResponse, body: [UInt8]) {
        let request = HTTPRequest(
            method, url, headers: headers, body: body.map { .bytes($0) } ?? .none, timeouts: timeouts)
        let response = try await http.send(request)
        do {
            return (response, try await response.body.collect(upTo: 1 << 18))
        } catch is StreamTooLong {
            throw CredentialsError("the answer of \(name) is longer than any of a token service")
        }
    }

    /// What the answer says of the failure: OAuth's `error` and `error_description`, or Google's `error.message`.
    private static func explanation(_ document: JSONValue?) -> String {
        guard let document else { return "" }
        let code =
            document["error"]?.string ?? document["error"]?["status"]?.string ?? document["error"]?["code"]?.string
        let message = document["error_description"]?.string ?? document["error"]?["message"]?.string
        // The first line says it; what follows are trace ids.
        let first = message.map { String($0.split(whereSeparator: \.isNewline).first ?? "") }
        return [code, first].compactMap { $0 }.joined(separator: ": ")
    }

    /// Reads a token out of a file, as Kubernetes projects it; anew each time, because it is rotated.
    package static func tokenInFile(_ path: String, name: String) async throws -> [UInt8] {
        let content = try await BlockingPool.shared.run { FileManager.default.contents(atPath: path) }
        guard let content, content.count <= 1 << 18 else {
            throw CredentialsError("\(name): the token file '\(path)' cannot be read")
        }
        return Array(content)
    }
}
