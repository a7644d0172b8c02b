/// A regular expression of Go's regexp (RE2 syntax, https://github.com/google/re2/wiki/Syntax) in the words of ICU, which
/// `NSRegularExpression` speaks. Most is the same in both; what differs is translated, and what RE2 does not have, and
/// Velero would refuse, is refused.
///
/// Only whether a text matches is of interest, so that names of groups and greediness are dropped.
struct RE2Pattern {
    private var rest: Substring
    private var output = ""
    private let pattern: String
    /// Whether what was read last can be repeated, or is a repetition itself.
    private var last = Last.nothing

    private enum Last { case nothing, item, repetition }

    /// RE2 repeats nothing more often.
    private static let maximumRepetition = 1000

    /// - Throws: ``RE2PatternError`` that names the construct.
    static func translated(_ pattern: String) throws(RE2PatternError) -> String {
        var reader = RE2Pattern(pattern)
        while let character = reader.rest.popFirst() { try reader.read(character) }
        return reader.output
    }

    private init(_ pattern: String) {
        self.pattern = pattern
        rest = pattern[...]
    }

    private func refusal(_ construct: String, _ reason: String) -> RE2PatternError {
        RE2PatternError(pattern: pattern, construct: construct, reason: reason)
    }

    private mutating func read(_ character: Character) throws(RE2PatternError) {
        switch character {
        case "\\":
            output += try escape(inClass: false)
            last = .item
        case "[":
            try readClass()
            last = .item
        case "(":
            try readGroup()
            last = .nothing
        case "|":
            output.append("|")
            last = .nothing
        case "*", "+", "?": try readRepetition(String(character))
        case "{":
            guard let count = repetition() else {
                // Not a repetition, so it is a brace.
                output += "\\{"
                last = .item
                return
            }
            try readRepetition(count)
        case "}", "]":
            output += "\\\(character)"
            last = .item
        default:
            output.append(character)
            last = .item
        }
    }

    /// `{2}`, `{2,}` or `{2,3}`; nil when it is something else.
    private mutating func repetition() -> String? {
        guard let end = rest.firstIndex(of: "}") else { return nil }
        let inner = rest[..<end]
        let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
        let isNumber = { (text: Substring) in !text.isEmpty && text.allSatisfy { ("0"..."9").contains($0) } }
        guard parts.count <= 2, isNumber(parts[0]), parts.count == 1 || parts[1].isEmpty || isNumber(parts[1]) else {
            return nil
        }
        rest = rest[rest.index(after: end)...]
        return "{\(inner)}"
    }

    private mutating func readRepetition(_ text: String) throws(RE2PatternError) {
        guard last != .nothing else { throw refusal(text, "there is nothing to repeat") }
        guard last != .repetition else { throw refusal(text, "a repetition cannot be repeated") }
        let counts = text.split { !$0.isNumber }.map { Int($0) ?? .max }
        guard counts.allSatisfy({ $0 <= Self.maximumRepetition }) else {
            throw refusal(text, "more than \(Self.maximumRepetition) repetitions")
        }
        output += text
        // Lazy or not, a text matches or does not.
        if rest.first == "?" { rest.removeFirst() }
        last = .repetition
    }

    private mutating func readGroup() throws(RE2PatternError) {
        guard rest.first == "?" else {
            output += "(?:"
            return
        }
        for (construct, what) in [
            ("?=", "lookahead"), ("?!", "lookahead"), ("?<=", "lookbehind"), ("?<!", "lookbehind"),
            ("?>", "an atomic group"), ("?#", "a comment"), ("?|", "a branch reset"),
        ] where rest.hasPrefix(construct) {
            throw refusal("(\(construct)", "\(what) is not in RE2, in which Velero's expressions are written")
        }
        for start in ["?P<", "?<"] where rest.hasPrefix(start) {
            guard let end = rest.firstIndex(of: ">") else { throw refusal("(\(start)", "the name has no end") }
            rest = rest[rest.index(after: end)...]
            output += "(?:"
            return
        }
        // Flags: `(?i)` for the rest, `(?i:…)` for a group.
        guard let end = rest.firstIndex(where: { $0 == ":" || $0 == ")" }) else {
            throw refusal("(\(rest)", "the group has no end")
        }
        let flags = rest[rest.index(after: rest.startIndex)..<end]
        guard flags.allSatisfy({ "imsU-".contains($0) }), flags.filter({ $0 == "-" }).count <= 1, flags.last != "-"
        else { throw refusal("(?\(flags)\(rest[end])", "RE2 has the flags i, m, s and U") }
        // U swaps greediness, which is nothing here.
        var kept = flags.filter { $0 != "U" }
        if kept.last == "-" { kept.removeLast() }
        let isForRest = rest[end] == ")"
        rest = rest[rest.index(after: end)...]
        if isForRest { output += kept.isEmpty ? "" : "(?\(kept))" } else { output += "(?\(kept):" }
    }

    private mutating func readClass() throws(RE2PatternError) {
        output.append("[")
        if rest.first == "^" { output.append(rest.removeFirst()) }
        var isFirst = true
        while let character = rest.popFirst() {
            switch character {
            case "]" where !isFirst:
                output.append("]")
                return
            case "[" where rest.first == ":":
                guard let end = rest.firstRange(of: ":]") else { throw refusal("[[:", "the class has no end") }
                try appendPOSIX(String(rest[rest.index(after: rest.startIndex)..<end.lowerBound]))
                rest = rest[end.upperBound...]
            case "\\": output += try escape(inClass: true)
            // ICU's sets can hold sets, and do arithmetic with them.
            case "[", "]", "&", "{", "}", "$", "^": output += "\\\(character)"
            case "-" where isFirst || rest.first == "]" || rest.first == "-": output += "\\-"
            default: output.append(character)
            }
            isFirst = false
        }
        throw refusal("[", "the class has no end")
    }

    /// RE2's POSIX classes are of ASCII.
    private mutating func appendPOSIX(_ name: String) throws(RE2PatternError) {
        let isNegated = name.hasPrefix("^")
        guard let ranges = Self.posix[isNegated ? String(name.dropFirst()) : name] else {
            throw refusal("[:\(name):]", "there is no such class")
        }
        output += isNegated ? "[^\(ranges)]" : ranges
    }

    private static let posix = [
        "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7F", "blank": "\\t\\x20",
        "cntrl": "\\x00-\\x1F\\x7F",
        "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": "\\x20-~", "punct": "!-/:-@\\[-`{-~",
        "space": "\\t\\n\\x0B\\f\\r\\x20", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
    ]

    private mutating func escape(inClass: Bool) throws(RE2PatternError) -> String {
        guard let character = rest.popFirst() else { throw refusal("\\", "nothing follows") }
        switch character {
        case "p", "P": return try property(character)
        // Perl's classes are of ASCII in RE2.
        case "d": return inClass ? "0-9" : "[0-9]"
        case "D": return "[^0-9]"
        case "w": return inClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]"
        case "W": return "[^0-9A-Za-z_]"
        case "s": return inClass ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]"
        case "S": return "[^\\t\\n\\f\\r\\x20]"
        case "a": return "\\x07"
        case "v": return "\\x0B"
        case "f", "n", "r", "t", "x": return "\\\(character)"
        case "A", "z", "b", "B":
            guard !inClass else { throw refusal("\\\(character)", "it cannot stand in a class") }
            return "\\\(character)"
        case "Q":
            let end = rest.firstRange(of: "\\E")
            let text = rest[..<(end?.lowerBound ?? rest.endIndex)]
            rest = rest[(end?.upperBound ?? rest.endIndex)...]
            return text.map { $0.isLetter || $0.isNumber ? "\($0)" : "\\\($0)" }.joined()
        case "0"..."7":
            if character != "0", rest.first.map({ ("0"..."7").contains($0) }) != true {
                throw refusal("\\\(character)", "a reference to a group is not in RE2, in which Velero's are written")
            }
            var digits = String(character)
            while digits.count < 3, let next = rest.first, ("0"..."7").contains(next) {
                digits.append(rest.removeFirst())
            }
            return "\\x{" + String(Int(digits, radix: 8) ?? 0, radix: 16) + "}"
        default:
            guard character.isASCII, !character.isLetter, !character.isNumber else {
                throw refusal("\\\(character)", "it is not in RE2, in which Velero's expressions are written")
            }
            return "\\\(character)"
        }
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`.
    private mutating func property(_ letter: Character) throws(RE2PatternError) -> String {
        guard let first = rest.popFirst() else { throw refusal("\\\(letter)", "no property follows") }
        guard first == "{" else { return "\\\(letter){\(first)}" }
        guard let end = rest.firstIndex(of: "}") else { throw refusal("\\\(letter){", "the name has no end") }
        var name = rest[..<end]
        rest = rest[rest.index(after: end)...]
        guard name.first == "^" else { return "\\\(letter){\(name)}" }
        name.removeFirst()
        return "\\\(letter == "p" ? "P" : "p"){\(name)}"
    }
}

/// A regular expression that Velero would not take.
struct RE2PatternError: Error, Hashable, CustomStringConvertible {
    let pattern: String
    let construct: String
    let reason: String

    var description: String { "'\(pattern)' is not a regular expression at '\(construct)': \(reason)" }
}
