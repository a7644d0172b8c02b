import GodwitModel

/// Shows an error: what failed and why, and what to do next.
struct ErrorRenderer {
    private let console: Console

    init(_ console: Console) { self.console = console }

    func render(_ error: any Error) {
        let style = console.errorStyle
        guard let advised = error as? any AdvisedError else {
            console.complain("\(style.red("error:")) \(error)")
            return
        }
        console.complain("\(style.red("error:")) \(advised.description)")
        if let advice = advised.advice { console.complain("\(style.bold("next:")) \(advice)") }
    }
}

extension Console {
    /// Shows errors that did not stop a listing, and ends the program as partially failed if there are any.
    func report(_ errors: [any Error]) throws {
        for error in errors { ErrorRenderer(self).render(error) }
        if !errors.isEmpty { throw ExitStatus.partiallyFailed }
    }
}

extension Result {
    /// The error of a failure.
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
