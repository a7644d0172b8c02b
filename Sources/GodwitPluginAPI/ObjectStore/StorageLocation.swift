public import GodwitModel

/// Where backups are kept, as a URL names it: `file:///backups`, `s3://bucket/prefix?region=eu-west-1`.
///
/// The URL holds no secret; credentials come from the environment or from files that parameters name.
public struct StorageLocation: Sendable, Hashable, CustomStringConvertible {
    /// The scheme, lower-case; it chooses the provider.
    public let scheme: String
    /// What stands between `//` and the next `/`: the bucket, or nothing for `file`.
    public let authority: String
    /// The path without a slash at either end, percent-decoded; empty for the top.
    public let path: String
    /// The query's parameters, percent-decoded.
    public let parameters: [String: String]

    /// A location from its parts.
    public init(scheme: String, authority: String, path: String, parameters: [String: String] = [:]) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.parameters = parameters
    }

    /// Parses a URL.
    ///
    /// - Throws: ``StorageLocationError``.
    public init(parsing url: String) throws(StorageLocationError) {
        guard let mark = url.firstRange(of: "://"), mark.lowerBound > url.startIndex else {
            throw StorageLocationError(url: url, reason: "a scheme such as file:// or s3:// is missing")
        }
        scheme = url[..<mark.lowerBound].lowercased()
        let rest = url[mark.upperBound...]
        guard !rest.contains("#") else { throw StorageLocationError(url: url, reason: "'#' has no meaning here") }
        let query = rest.firstIndex(of: "?")
        let place = rest[..<(query ?? rest.endIndex)]
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        authority = String(place[..<slash])
        guard !authority.contains("@") else {
            throw StorageLocationError(url: url, reason: "credentials do not belong in a URL")
        }
        let components = place[slash...].split(separator: "/").map { PercentEncoding.decode($0) }
        guard !components.contains(where: { $0 == nil || $0 == "." || $0 == ".." }) else {
            throw StorageLocationError(url: url, reason: "the path is malformed")
        }
        path = components.compactMap(\.self).joined(separator: "/")
        parameters = try Self.parameters(query.map { rest[rest.index(after: $0)...] } ?? "", url: url)
    }

    private static func parameters(
        _ query: Substring, url: String
    ) throws(StorageLocationError) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            guard let name = PercentEncoding.decode(pair[..<equals]), !name.isEmpty,
                let value = PercentEncoding.decode(pair[equals...].dropFirst())
            else { throw StorageLocationError(url: url, reason: "the parameter '\(pair)' is malformed") }
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw StorageLocationError(url: url, reason: "the parameter '\(name)' stands twice")
            }
        }
        return parameters
    }

    /// The URL.
    public var description: String {
        var url = "\(scheme)://\(authority)"
        if !path.isEmpty { url += "/" + PercentEncoding.encode(path) }
        if !parameters.isEmpty {
            let pairs = parameters.sorted { $0.key < $1.key }
            url += "?" + pairs.map { "\($0.key)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
        }
        return url
    }
}

/// A location that cannot be one.
public struct StorageLocationError: AdvisedError, Hashable {
    /// The URL as it was given.
    public let url: String
    /// What is wrong with it.
    public let reason: String?

    /// Describes what is wrong with a URL.
    public init(url: String, reason: String) {
        self.url = url
        self.reason = reason
    }

    /// Names the URL, unless it holds credentials.
    public var summary: String { url.contains("@") ? "not a storage location" : "'\(url)' is not a storage location" }

    /// What to write.
    public var advice: String? {
        "write file:///directory, s3://bucket/prefix?region=REGION&endpoint=URL&path-style=true, "
            + "azure://container/prefix?account=ACCOUNT, gs://bucket/prefix or plugin://prefix/name/bucket/path"
    }
}

/// Percent encoding of URLs (RFC 3986).
enum PercentEncoding {
    /// nil when an escape is malformed or the bytes are not UTF-8.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next(), let low = iterator.next(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Leaves unreserved characters, `/` and `:` as they are.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                encoded.append(Character(Unicode.Scalar(byte)))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
