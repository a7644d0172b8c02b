package import Foundation
package import GodwitModel

/// What a service takes as proof of who asks (RFC 6750), for a while.
package struct AccessToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The token itself.
    package let value: String
    /// When it ends; nil when nobody said.
    package let expiration: Date?

    /// A token.
    package init(_ value: String, expiration: Date?) {
        self.value = value
        self.expiration = expiration
    }

    /// Nothing of the token.
    package var description: String { "(token)" }
    /// Nothing of the token.
    package var debugDescription: String { "(token)" }
    /// Nothing of the token.
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Reads the answer of a token service: `access_token`, and `expires_in` in seconds, as number or text.
    ///
    /// - Parameter name: the service, as a message names it.
    package init(_ document: JSONValue, from name: String, now: Date = Date()) throws {
        guard let value = document["access_token"]?.string, !value.isEmpty,
            !value.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F })
        else { throw CredentialsError("\(name) gave no access_token") }
        let seconds = document["expires_in"].flatMap { $0.integer ?? $0.string.flatMap(Int64.init) }
        // Some say when instead of for how long.
        let end = document["expires_on"].flatMap { $0.integer ?? $0.string.flatMap(Int64.init) }
        self.init(
            value,
            expiration: seconds.map { now.addingTimeInterval(Double($0)) }
                ?? end.map { Date(timeIntervalSince1970: Double($0)) })
    }
}

/// Gives access tokens.
package protocol TokenSource: Sendable {
    /// The source, as a message names it.
    var name: String { get }

    /// A new token.
    ///
    /// - Throws: ``CredentialsError``, errors of the transport, `CancellationError`.
    func fetch() async throws -> AccessToken
}
