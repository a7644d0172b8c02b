public import GodwitModel

/// A setting of a location that cannot be used.
public struct SettingError: AdvisedError, Hashable {
    /// The setting.
    public let key: String
    /// What is wrong with it.
    public let reason: String?

    /// Describes a setting that cannot be used.
    public init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }

    /// The setting.
    public var summary: String { "the location's setting '\(key)' cannot be used" }

    /// What to do next.
    public var advice: String? { "correct the location with 'godwit backup-location set'" }
}
