import GodwitModel

/// Why there are no credentials. It never holds a secret.
public struct CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which place failed, and how.
    public let reason: String
    /// Whether the place itself failed for a moment, and may give credentials in another.
    public let isPassing: Bool

    /// Describes a failure. What services say in it is anybody's text.
    public init(_ reason: String, isPassing: Bool = false) {
        self.reason = String(reason.prefix(1000)).printable
        self.isPassing = isPassing
    }

    /// Describes an answer that is no success.
    ///
    /// - Parameters:
    ///   - name: who answered.
    ///   - explanation: what the answer says besides; empty for nothing.
    ///   - passing: statuses that pass besides those that always do.
    package init(_ name: String, answered status: Int, _ explanation: String = "", passing: Set<Int> = []) {
        let text = "\(name) answered \(status)"
        self.init(
            explanation.isEmpty ? text : "\(text) \(explanation)",
            isPassing: Self.isPassing(status) || passing.contains(status))
    }

    /// Whether the same request may get another answer in a moment, by the answer's status.
    package static func isPassing(_ status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }

    /// The reason.
    public var description: String { reason }
}
