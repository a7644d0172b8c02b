import Foundation
import GodwitModel

/// Asks before something is lost.
enum Confirmation {
    /// Returns when the user agrees, by flag or on the terminal.
    ///
    /// - Throws: ``NotConfirmedError``.
    static func ask(_ question: String, _ isConfirmed: Bool) throws {
        if isConfirmed { return }
        guard isatty(STDIN_FILENO) == 1, Console.standard.errorIsTerminal else { throw NotConfirmedError() }
        Console.standard.draw("\(question) [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw NotConfirmedError() }
    }
}

/// Nobody agreed.
struct NotConfirmedError: AdvisedError, UsageError {
    var summary: String { "not confirmed; nothing was deleted" }
    var reason: String? { nil }
    var advice: String? { "add --confirm" }
}
