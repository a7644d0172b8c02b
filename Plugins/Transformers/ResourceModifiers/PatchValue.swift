import GodwitModel

/// The values of Velero's JSON patches, which are texts: what they mean is guessed from how they look.
enum PatchValue {
    /// A text in double quotes is a string, whatever is in it. `null`, booleans (in any case), numbers, objects and lists
    /// are what they look like. All else, and what looks like JSON but is none, is a string, in which JSON's escapes are
    /// understood.
    static func parse(_ text: String) -> JSONValue {
        if text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
            return string(String(text.dropFirst().dropLast()))
        }
        if text.lowercased() == "true" { return true }
        if text.lowercased() == "false" { return false }
        if let value = try? JSONValue(parsing: text), value.string == nil { return value }
        return string(text)
    }

    private static func string(_ text: String) -> JSONValue {
        if text.contains("\\"), let value = try? JSONValue(parsing: "\"\(text)\"") { return value }
        return .string(text)
    }
}
