import GodwitPluginAPI

/// A key as the directories it passes through and the name of its file.
struct KeyPath {
    /// The folder in the root that holds unfinished files.
    static let temporaryFolder = Array(".godwit-tmp".utf8)
    /// The longest file name that Linux file systems take.
    static let maximumNameLength = 255

    let directories: [[UInt8]]
    let name: [UInt8]

    /// Checks and splits a key.
    ///
    /// - Throws: a sentence that says why it cannot be a key here.
    init(_ key: String) throws(KeyFlaw) {
        if let flaw = ObjectKey.flaw(of: key) { throw KeyFlaw(reason: flaw) }
        var components: [[UInt8]] = []
        for component in key.utf8.split(separator: UInt8(ascii: "/")) {
            guard component.count <= Self.maximumNameLength else {
                throw KeyFlaw(reason: "a file name has at most \(Self.maximumNameLength) bytes")
            }
            guard !component.contains(0) else { throw KeyFlaw(reason: "a file name cannot hold a NUL") }
            components.append(Array(component))
        }
        guard let first = components.first, !first.starts(with: Self.temporaryFolder) else {
            throw KeyFlaw(reason: "names that begin with .godwit-tmp are kept for unfinished files")
        }
        name = components.removeLast()
        directories = components
    }
}

/// Why a text cannot be a key.
struct KeyFlaw: Error {
    let reason: String
}
