/// What a walk leaves out.
public struct WalkOptions: Sendable {
    /// Leaves out what any of these fits, with all below it.
    public var exclusions: [PathPattern] = []
    /// Leaves out what is in directories that a valid CACHEDIR.TAG calls a cache, but for the tag
    /// (https://bford.info/cachedir/).
    public var excludesCaches = false
    /// Whether the directory is a snapshot, in which nothing changes or vanishes: what does is lost, and a problem.
    public var isFrozen = false

    /// Leaves nothing out.
    public init() {}
}
