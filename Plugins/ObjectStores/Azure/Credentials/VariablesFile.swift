import CloudStorage
import Foundation

/// A file of variables, as Velero's plugin reads its credentials (with godotenv): `NAME=value` or `NAME: value`, an
/// `export` before it, quotes around the value, which may then have several lines, and comments. Variables in values are
/// not replaced.
struct VariablesFile {
    /// The values by name.
    private(set) var values: [String: String] = [:]

    private let path: String
    private var rest: Substring
    private var line = 1

    /// Reads a file's text.
    ///
    /// - Parameter path: as a message names it. Nothing of the text goes into a message: it may be half a secret.
    init(_ text: String, path: String) throws(CredentialsError) {
        self.path = path
        let text = text.replacing("\r\n", with: "\n")
        rest = text[...]
        while skipToName() {
            let name = try readName()
            values[name] = try readValue()
        }
    }

    /// Passes over blank and commented lines; false at the end of the text.
    private mutating func skipToName() -> Bool {
        while let first = rest.first {
            if first == "#" {
                skipLine()
            } else if first.isWhitespace {
                take()
            } else {
                return true
            }
        }
        return false
    }

    private mutating func readName() throws(CredentialsError) -> String {
        let end = rest.firstIndex { $0 == "=" || $0 == ":" || $0.isNewline }
        guard let end, !rest[end].isNewline else { throw fault("not like NAME=value") }
        var name = rest[..<end]
        if name.hasPrefix("export "), !name.dropFirst(7).allSatisfy(\.isWhitespace) { name = name.dropFirst(7) }
        let text = name.trimmingCharacters(in: .whitespaces)
        guard !text.isEmpty, !text.contains(where: \.isWhitespace) else { throw fault("not like NAME=value") }
        rest = rest[rest.index(after: end)...]
        return text
    }

    private mutating func readValue() throws(CredentialsError) -> String {
        rest = rest.drop { $0.isWhitespace && !$0.isNewline }
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return readPlain() }
        return try readQuoted(quote)
    }

    /// A value without quotes ends with its line, or where a comment begins.
    private mutating func readPlain() -> String {
        let line = rest.prefix { !$0.isNewline }
        skipLine()
        if line.hasPrefix("#") { return "" }
        let comment = [" #", "\t#"].compactMap { line.firstRange(of: $0)?.lowerBound }.min()
        return line[..<(comment ?? line.endIndex)].trimmingCharacters(in: .whitespaces)
    }

    private mutating func readQuoted(_ quote: Character) throws(CredentialsError) -> String {
        let start = line
        take()
        var value = ""
        while let next = rest.first {
            take()
            if next == quote {
                try requireEnd()
                return value
            }
            guard next == "\\", quote == "\"", let escaped = rest.first else {
                value.append(next)
                continue
            }
            take()
            switch escaped {
            case "n": value.append("\n")
            case "r": value.append("\r")
            case "\\", "\"", "$": value.append(escaped)
            default: value += "\\\(escaped)"
            }
        }
        line = start
        throw fault("its quote does not end")
    }

    /// Behind a quoted value is nothing but a comment.
    private mutating func requireEnd() throws(CredentialsError) {
        let behind = rest.prefix { !$0.isNewline }.trimmingCharacters(in: .whitespaces)
        guard behind.isEmpty || behind.hasPrefix("#") else { throw fault("there is something behind the quotes") }
        skipLine()
    }

    private mutating func skipLine() {
        rest = rest.drop { !$0.isNewline }
    }

    private mutating func take() {
        if rest.removeFirst().isNewline { line += 1 }
    }

    private func fault(_ what: String) -> CredentialsError {
        CredentialsError("'\(path)', line \(line): \(what)")
    }
}
