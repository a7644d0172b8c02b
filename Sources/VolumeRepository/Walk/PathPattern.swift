public import GodwitModel

/// A pattern for paths, as .gitignore and restic's exclusions have them; it works on bytes.
///
/// - `*.log`, `cache`: without a slash inside, it fits a name at any depth.
/// - `/cache`, `var/log`: with one, it fits the path from the root on.
/// - `**` stands for any number of directories; a slash at the end fits directories only.
/// - `*`, `?`, `[a-z]`, `[!a]` stand for bytes of one name, `\` takes the next byte as it is.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    enum Component: Sendable, Hashable {
        case anyDirectories
        case name(NamePattern)
    }

    private let components: [Component]
    private let isDirectoryOnly: Bool
    /// The pattern as it was written.
    public let description: String

    /// Parses a pattern.
    ///
    /// - Throws: ``PathPatternError`` when it is empty, or a bracket or an escape is not ended.
    public init(_ text: String) throws(PathPatternError) {
        description = text
        var bytes = Array(text.utf8)
        isDirectoryOnly = bytes.last == UInt8(ascii: "/")
        if isDirectoryOnly { bytes.removeLast() }
        let isAnchored = bytes.contains(UInt8(ascii: "/"))
        let names = bytes.split(separator: UInt8(ascii: "/"))
        guard !names.isEmpty else { throw PathPatternError(pattern: text, reason: "it is empty") }
        var components: [Component] = isAnchored ? [] : [.anyDirectories]
        for name in names {
            if name.elementsEqual("**".utf8) {
                if components.last != .anyDirectories { components.append(.anyDirectories) }
            } else {
                guard let pattern = NamePattern(Array(name)) else {
                    throw PathPatternError(pattern: text, reason: "a bracket or an escape has no end")
                }
                components.append(.name(pattern))
            }
        }
        self.components = components
    }

    /// Whether the pattern fits a path as a whole; what lies below a directory that it fits is not asked for.
    public func matches(_ path: [UInt8], isDirectory: Bool) -> Bool {
        if isDirectoryOnly, !isDirectory { return false }
        // The usual pattern is one for names.
        if components.count == 2, components[0] == .anyDirectories, case .name(let name) = components[1] {
            let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
            return name.matches(path[start...])
        }
        return Self.matches(components, path.split(separator: UInt8(ascii: "/")))
    }

    /// Linear but for the runs of directories: on a mismatch only the last one is tried longer, as in ``NamePattern``.
    private static func matches(_ pattern: [Component], _ path: [ArraySlice<UInt8>]) -> Bool {
        var (component, position) = (0, 0)
        var lastRun: (component: Int, position: Int)?
        while position < path.count {
            if component < pattern.count, case .anyDirectories = pattern[component] {
                // A final ** fits what is inside, not the directory itself: all that is left, which is something.
                if component == pattern.count - 1 { return true }
                lastRun = (component, position)
                component += 1
            } else if component < pattern.count, case .name(let name) = pattern[component], name.matches(path[position])
            {
                component += 1
                position += 1
            } else if let run = lastRun {
                component = run.component + 1
                position = run.position + 1
                lastRun = (run.component, position)
            } else {
                return false
            }
        }
        return component == pattern.count
    }
}

/// A pattern that cannot be read.
public struct PathPatternError: AdvisedError, Equatable {
    /// The pattern.
    public let pattern: String
    let fault: String

    init(pattern: String, reason: String) {
        self.pattern = pattern
        fault = reason
    }

    /// What failed.
    public var summary: String { "the pattern \(pattern) cannot be used" }
    /// Why.
    public var reason: String? { fault }
    /// What a pattern may look like.
    public var advice: String? {
        "write it like *.log, /cache or **/tmp; a backslash takes the next character as it is"
    }
}
