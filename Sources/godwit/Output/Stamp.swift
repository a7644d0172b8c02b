import Foundation
import GodwitModel

/// The time as it stands in generated names.
enum Stamp {
    /// `20260102030405`, in UTC, as Velero writes it.
    static func now() -> String { RFC3339.format(Date()).filter(\.isNumber) }
}
