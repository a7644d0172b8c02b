import ArgumentParser
import Foundation

/// A list in one argument: `a,b,c`. The option may be repeated too. A comma in braces belongs to a pattern: `team-{a,b}`.
struct CommaSeparated: ExpressibleByArgument {
    let values: [String]

    init?(argument: String) {
        var depth = 0
        values = argument.split { character in
            switch character {
            case "{": depth += 1
            case "}": depth -= 1
            default: return character == "," && depth <= 0
            }
            return false
        }.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}

extension [CommaSeparated] {
    /// All values of all arguments.
    var joined: [String] { flatMap(\.values) }
}

/// Pairs in one argument: `old:new,other:another`, or with `=` between.
struct Mapping: ExpressibleByArgument {
    let pairs: [(from: String, to: String)]

    init?(argument: String) {
        var pairs: [(String, String)] = []
        for part in argument.split(separator: ",") {
            // An image prefix may hold a port, so '=' counts first where it stands.
            let separator: Character = part.contains("=") ? "=" : ":"
            let halves = part.split(separator: separator, maxSplits: 1).map(String.init)
            guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else { return nil }
            pairs.append((halves[0], halves[1]))
        }
        self.pairs = pairs
    }
}

extension [Mapping] {
    /// All pairs of all arguments.
    ///
    /// - Throws: `ValidationError` when one name is mapped twice.
    func dictionary(option: String) throws -> [String: String] {
        var dictionary: [String: String] = [:]
        for (from, to) in flatMap(\.pairs) {
            guard dictionary.updateValue(to, forKey: from) == nil else {
                throw ValidationError("\(option): '\(from)' is mapped twice")
            }
        }
        return dictionary
    }
}
