package import Foundation

/// When a request was sent, by this machine's clock and by what was then taken for the service's.
package struct RequestTime: Sendable {
    /// A difference beyond this is taken for the cause of a refusal; services allow 15 minutes.
    private static let tolerableSkew: TimeInterval = 240

    /// By this machine's clock.
    private let sentAt: Date
    /// The service's clock less ours, as it was known then.
    private let offset: TimeInterval

    /// Now.
    ///
    /// - Parameter offset: the service's clock less ours, as far as it is known.
    package init(offset: TimeInterval, sentAt: Date = Date()) {
        self.offset = offset
        self.sentAt = sentAt
    }

    /// What to sign with.
    package var date: Date { sentAt.addingTimeInterval(offset) }

    /// The service's clock less ours, by the date of its refusal; nil when the clocks cannot be the cause.
    ///
    /// It takes the place of the one known before, and is not added to it: many requests that are on their way at once
    /// are refused for one and the same difference.
    package func correctedOffset(by refused: Date) -> TimeInterval? {
        let skew = refused.timeIntervalSince(sentAt)
        return abs(skew - offset) > Self.tolerableSkew ? skew : nil
    }
}
