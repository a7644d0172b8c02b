import CloudStorage
import Foundation
import GodwitPluginAPI
import HTTPTransport

extension AzureConnection {
    /// The longest life of a user delegation key.
    private static let week: Int64 = 7 * 24 * 60 * 60

    /// Whether URLs can be signed: a SAS cannot make another.
    var canSign: Bool { if case .sas = authorization { false } else { true } }

    /// A URL with which anybody can read a blob for a while; nil when ``canSign`` is false.
    ///
    /// Sources: "Create a service SAS", "Create a user delegation SAS" for version 2020-12-06 and later.
    func signedURL(for key: String, seconds: Int64) async throws -> String? {
        let request = StoreRequest("GET", "sign", key: key)
        let end = ServiceDate.extended(now.addingTimeInterval(Double(seconds)))
        do {
            switch authorization {
            case .sas: return nil
            case .sharedKey(let account): return url(key, until: end, signedWith: account)
            case .fetchedKey(let account): return url(key, until: end, signedWith: try await account.value())
            case .token:
                guard seconds <= Self.week else {
                    throw ObjectStoreError(
                        .other(code: "InvalidLifetime"), operation: "sign", key: key, store: description,
                        reason: "a URL that a token signs lasts seven days at most")
                }
                return url(key, until: end, signedWith: try await delegation(request, until: end))
            }
        } catch {
            throw request.translate(error, store: description)
        }
    }

    private func url(_ key: String, until end: String, signedWith account: AzureAccountKey) -> String {
        let after = [sasProtocol, Self.version, "b", "", ""] + Array(repeating: "", count: 5)
        let text = (["r", "", end, resource(key), "", ""] + after).joined(separator: "\n")
        return url(key, until: end, more: [], signature: SharedKeySignature.sign(text, account))
    }

    private func url(_ key: String, until end: String, signedWith delegation: Delegation) -> String {
        let fields = [
            delegation.objectID, delegation.tenantID, delegation.start, delegation.end, delegation.service,
            delegation.version,
        ]
        let after = ["", "", "", "", sasProtocol, Self.version, "b", "", ""] + Array(repeating: "", count: 5)
        let text = (["r", "", end, resource(key)] + fields + after).joined(separator: "\n")
        let more = zip(["skoid", "sktid", "skt", "ske", "sks", "skv"], fields).map { (name: $0, value: $1) }
        return url(key, until: end, more: more, signature: SharedKeySignature.sign(text, delegation.key))
    }

    private func url(
        _ key: String, until end: String, more: [(name: String, value: String)], signature: String
    ) -> String {
        let query =
            [
                (name: "sv", value: Self.version), ("spr", sasProtocol), ("se", end), ("sr", "b"), ("sp", "r"),
            ] + more + [("sig", signature)]
        let text = query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
        let path = place.path(container: configuration.container, key: key)
        return "\(place.address.scheme)://\(place.address.authority)\(path)?\(text)"
    }

    private func resource(_ key: String) -> String { "/blob/\(place.account)/\(configuration.container)/\(key)" }

    private var sasProtocol: String { place.address.isTLS ? "https" : "https,http" }

    /// A key that signs in the name of who asked for it.
    private struct Delegation {
        let objectID: String
        let tenantID: String
        let start: String
        let end: String
        let service: String
        let version: String
        let key: AzureAccountKey
    }

    private func delegation(_ original: StoreRequest, until end: String) async throws -> Delegation {
        var request = StoreRequest("POST", "sign", subject: original.subject)
        request.query = [("restype", "service"), ("comp", "userdelegationkey")]
        request.headers["Content-Type"] = "application/xml"
        // Clocks of the service's machines differ a little.
        let start = ServiceDate.extended(now.addingTimeInterval(-60))
        request.body = Array("<KeyInfo><Start>\(start)</Start><Expiry>\(end)</Expiry></KeyInfo>".utf8)
        let answer = try await document(request, scope: .service)
        func text(_ name: String) throws -> String {
            guard let text = answer.text(name), !text.isEmpty else {
                throw request.error(.unavailable, "the user delegation key has no \(name)", store: description)
            }
            return text
        }
        return Delegation(
            objectID: try text("SignedOid"), tenantID: try text("SignedTid"), start: try text("SignedStart"),
            end: try text("SignedExpiry"), service: try text("SignedService"), version: try text("SignedVersion"),
            key: try AzureAccountKey(try text("Value"), from: "the user delegation key"))
    }
}
