/// An API group and version, such as `apps/v1`, or `v1` of the core group.
public struct GroupVersion: Hashable, Sendable, CustomStringConvertible {
    /// The group; empty for the core group.
    public let group: String
    /// The version, such as `v1beta1`.
    public let version: String

    /// Names a version of a group.
    public init(group: String, version: String) {
        self.group = group
        self.version = version
    }

    /// Reads the form of an object's `apiVersion`.
    public init(apiVersion: String) {
        if let slash = apiVersion.lastIndex(of: "/") {
            self.init(
                group: String(apiVersion[..<slash]),
                version: String(apiVersion[apiVersion.index(after: slash)...])
            )
        } else {
            self.init(group: "", version: apiVersion)
        }
    }

    /// The form that stands in an object's `apiVersion`.
    public var description: String { group.isEmpty ? version : "\(group)/\(version)" }
}
