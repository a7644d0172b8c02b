/// A set of names given as what is in and what is out, as Velero's pairs of `included…` and `excluded…` lists.
///
/// An empty list of includes, or `*`, means everything. Excludes win.
public struct IncludesExcludes: Sendable, Hashable {
    /// The include patterns; empty means everything.
    public let includes: [Glob]
    /// The exclude patterns.
    public let excludes: [Glob]

    /// Everything.
    public static let everything = IncludesExcludes()

    private init() {
        includes = []
        excludes = []
    }

    /// Parses both lists.
    ///
    /// - Throws: ``GlobError`` for a malformed pattern.
    public init(includes: [String], excludes: [String]) throws(GlobError) {
        var parsed: [Glob] = []
        for pattern in includes where pattern != "*" { parsed.append(try Glob(pattern)) }
        self.includes = includes.contains("*") ? [] : parsed
        var out: [Glob] = []
        for pattern in excludes { out.append(try Glob(pattern)) }
        self.excludes = out
    }

    /// Whether the name is in.
    public func contains(_ name: String) -> Bool {
        if excludes.contains(where: { $0.matches(name) }) { return false }
        return includes.isEmpty || includes.contains { $0.matches(name) }
    }

    /// Whether every name is in.
    public var isEverything: Bool { includes.isEmpty && excludes.isEmpty }

    /// The names themselves when no include holds a wildcard and there is at least one; nil otherwise. It lets a
    /// backup list a few namespaces one by one instead of the whole cluster.
    public var literalIncludes: [String]? {
        guard !includes.isEmpty, includes.allSatisfy(\.isLiteral) else { return nil }
        return includes.map(\.description).filter(contains)
    }
}
