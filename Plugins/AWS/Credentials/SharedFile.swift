import CloudStorage
import Foundation

/// A shared credentials or configuration file of AWS: sections of `name = value`.
///
/// Source: "Configuration and credential file settings" in the AWS SDKs and Tools reference. Nested settings, which are
/// indented lines below a setting without a value, are passed over: none of them concerns credentials. Other indented
/// lines are settings like those that begin at the margin, as AWS's own programs read them.
struct SharedFile: Sendable {
    private(set) var sections: [String: [String: String]] = [:]

    /// Reads a file; nil when there is none.
    ///
    /// - Throws: ``CredentialsError`` when it cannot be read or is not such a file.
    static func read(_ path: String) throws -> SharedFile? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let content = FileManager.default.contents(atPath: path) else {
            throw CredentialsError("'\(path)' cannot be read")
        }
        guard content.count <= 1 << 20, let text = String(validating: content, as: UTF8.self) else {
            throw CredentialsError("'\(path)' is not a file of AWS credentials")
        }
        return try SharedFile(text, path: path)
    }

    init(_ text: String, path: String) throws {
        var section: String?
        /// Whether the last setting has no value, so that what is indented below it is nested.
        var isOpen = false
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let isIndented = line.first?.isWhitespace ?? false
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if content.hasPrefix("[") {
                guard let end = content.firstIndex(of: "]") else {
                    throw CredentialsError("'\(path)', line \(number): a section's name does not end with ']'")
                }
                let name = content[content.index(after: content.startIndex)..<end]
                    .split(separator: " ").joined(separator: " ")
                section = name
                isOpen = false
                sections[name, default: [:]] = sections[name] ?? [:]
            } else if isIndented, isOpen {
                continue
            } else if let separator = content.firstIndex(of: "=") {
                guard let section else {
                    throw CredentialsError("'\(path)', line \(number): a setting before the first section")
                }
                let key = content[..<separator].trimmingCharacters(in: .whitespaces).lowercased()
                var value = content[content.index(after: separator)...]
                if let comment = value.firstRange(of: " #") ?? value.firstRange(of: " ;") {
                    value = value[..<comment.lowerBound]
                }
                let text = value.trimmingCharacters(in: .whitespaces)
                sections[section]?[key] = text
                isOpen = text.isEmpty
            } else if !isIndented {
                // The line itself may be half a secret.
                throw CredentialsError("'\(path)', line \(number): neither a section nor a setting")
            }
        }
    }
}
