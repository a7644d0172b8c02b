import GodwitModel

/// Keeps a Secret's values out of messages: servers quote what they find invalid.
struct Redaction: Sendable {
    private let body: [UInt8]

    /// - Parameter body: the object, or patch, that was sent.
    init(body: [UInt8]) { self.body = body }

    /// The message without anything that was sent as a value. Where the fault is in the content, everything in
    /// quotes goes: the server may quote a value in another form than it was sent in.
    func apply(to message: String, status: APIStatus) -> String {
        var text = message
        for value in values() { text = text.replacing(value, with: "…") }
        switch status.code {
        case 401, 404, 409, 410, 429: return text
        case 403 where !text.contains("denied the request"): return text
        default: return Self.withoutQuoted(text)
        }
    }

    private func values() -> [String] {
        guard let document = try? JSONValue(parsing: body) else { return [] }
        var found: [String] = []
        func gather(_ value: JSONValue) {
            switch value {
            case .string(let text): if text.utf8.count >= 4 { found.append(text) }
            case .array(let elements): for element in elements { gather(element) }
            case .object(let members): for member in members.values { gather(member) }
            default: break
            }
        }
        for member in ["data", "stringData"] { gather(document[member] ?? .null) }
        found += found.compactMap { text in
            Base64.decode(text).flatMap { String(validating: $0, as: UTF8.self) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        return found.sorted { $0.utf8.count > $1.utf8.count }
    }

    private static func withoutQuoted(_ text: String) -> String {
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return text }
        return parts.enumerated().map { index, part in index.isMultiple(of: 2) ? String(part) : "…" }
            .joined(separator: "\"")
    }
}
