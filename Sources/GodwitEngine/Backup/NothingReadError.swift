public import GodwitModel

/// Everything that was asked for failed: a backup without a single item would only look like one.
public struct NothingReadError: AdvisedError, Hashable {
    /// The source in words.
    public let source: String
    /// How many errors there were.
    public let errors: Int
    /// The first of them.
    public let first: String?

    /// What failed.
    public var summary: String { "nothing could be read from \(source), so there is no backup (\(errors) errors)" }
    /// The first error.
    public var reason: String? { first }
    /// What to do next.
    public var advice: String? { "grant the user the right to get and list what is to be backed up, or use --context" }
}
