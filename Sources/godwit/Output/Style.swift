/// Colours, where they are wanted.
struct Style: Sendable {
    /// Whether escape sequences are written at all.
    let isEnabled: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }

    /// A phase in the colour of its meaning.
    func phase(_ phase: String) -> String {
        switch phase {
        case "Completed": green(phase)
        case "Failed", "FailedValidation": red(phase)
        default: phase.contains("PartiallyFailed") ? yellow(phase) : phase
        }
    }

    private func wrap(_ text: String, _ code: String) -> String {
        isEnabled ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
