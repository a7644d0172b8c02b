/// What is wrong with a text that should have been JSON.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, in words.
    public let reason: String
    /// Bytes from the start of the text.
    public let offset: Int

    /// Describes a fault at a byte offset.
    public init(_ reason: String, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// The reason and where.
    public var description: String { "not valid JSON: \(reason) at byte \(offset)" }
}
