import ArgumentParser
import GodwitModel

/// How long operations that plugins begin may take, as typed: `4h0m0s`, `90m`.
struct ItemOperationTimeout: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = GoDuration.parse(argument), duration > .zero else { return nil }
        self.duration = duration
    }
}
