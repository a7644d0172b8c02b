import ArgumentParser

/// Labels in one argument: `team=web,tier=front`. A value may be empty.
struct LabelAssignments: ExpressibleByArgument {
    let pairs: [(key: String, value: String)]

    init?(argument: String) {
        var pairs: [(String, String)] = []
        for part in argument.split(separator: ",") {
            guard let pair = AnnotationAssignment(argument: String(part)) else { return nil }
            pairs.append((pair.key, pair.value))
        }
        self.pairs = pairs
    }
}

/// One annotation: `key=value`, where the value may hold anything.
struct AnnotationAssignment: ExpressibleByArgument {
    let key: String
    let value: String

    init?(argument: String) {
        guard let separator = argument.firstIndex(of: "="), separator > argument.startIndex else { return nil }
        key = String(argument[..<separator])
        value = String(argument[argument.index(after: separator)...])
    }
}
