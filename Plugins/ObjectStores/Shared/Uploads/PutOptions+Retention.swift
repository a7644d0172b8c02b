package import Foundation
package import GodwitPluginAPI

extension PutOptions {
    /// These options with the date until which a location keeps its objects. A date that the writer has given wins, and
    /// what is short-lived is kept by nothing.
    ///
    /// - Parameter retention: how long objects are kept; nil for a location that asks for none.
    package func retained(for retention: Duration?, from now: Date = Date()) -> PutOptions {
        guard let retention, retainUntil == nil, !isShortLived else { return self }
        var options = self
        options.retainUntil = now.addingTimeInterval(TimeInterval(retention.components.seconds))
        return options
    }
}
