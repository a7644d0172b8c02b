/// An error made for a person: what failed, why, and what to do next.
///
/// None of the three may hold a secret.
public protocol AdvisedError: Error, CustomStringConvertible, Sendable {
    /// What failed, and on what: one line without a full stop.
    var summary: String { get }
    /// Why; nil when the summary says it all.
    var reason: String? { get }
    /// What to do next; nil when there is nothing sensible to advise.
    var advice: String? { get }
}

extension AdvisedError {
    /// Summary and reason on one line.
    public var description: String { reason.map { "\(summary): \($0)" } ?? summary }
}

extension Error {
    /// The error and what to do next on one line: for a log or a record, where an advice has no line of its own.
    public var advisedText: String {
        guard let advised = self as? any AdvisedError, let advice = advised.advice else { return "\(self)" }
        return "\(self); \(advice)"
    }
}
