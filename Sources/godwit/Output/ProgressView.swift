import Dispatch
import Foundation
import GodwitEngine
import Synchronization

/// Shows how a run goes: one line that is drawn again on a terminal, a plain line now and then elsewhere; warnings and
/// errors as they come.
final class ProgressView: Sendable {
    private struct State {
        var progress = GodwitEngine.Progress()
        var shown = ""
        var lastShown: ContinuousClock.Instant
        /// What the server refused, told at the end in a line a cause.
        var refusals = RefusalDigest()
    }

    private let console: Console
    private let verb: String
    private let showsDebug: Bool
    private let isQuiet: Bool
    private let begun = ContinuousClock.now
    private let state: Mutex<State>

    /// - Parameters:
    ///   - verb: what is going on: `backing up`.
    ///   - isQuiet: show warnings and errors only, for output that a program reads.
    init(_ console: Console, verb: String, showsDebug: Bool, isQuiet: Bool) {
        self.console = console
        self.verb = verb
        self.showsDebug = showsDebug
        self.isQuiet = isQuiet
        state = Mutex(State(lastShown: begun))
    }

    /// To be given to the engine.
    var observer: RunObserver {
        { [self] event in
            switch event {
            case .progress(let progress): update(progress)
            case .log(let line): show(line)
            case .detail(let line): if showsDebug { show(line) }
            }
        }
    }

    private func update(_ progress: GodwitEngine.Progress) {
        state.withLock { state in
            state.progress = progress
            guard !isQuiet else { return }
            let now = ContinuousClock.now
            let interval: Duration = console.errorIsTerminal ? .milliseconds(100) : .seconds(10)
            guard now - state.lastShown >= interval else { return }
            state.lastShown = now
            let line = self.line(progress, elapsed: now - begun)
            if console.errorIsTerminal {
                state.shown = String(line.prefix(max(20, console.columns - 1)))
                console.draw("\r\u{1B}[K\(state.shown)")
            } else {
                console.complain(line)
            }
        }
    }

    private func line(_ progress: GodwitEngine.Progress, elapsed: Duration) -> String {
        let seconds = max(0.001, Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
        let rate = Double(progress.items) / seconds
        var parts = ["\(verb): \(progress.items)"]
        if let total = progress.totalItems { parts[0] += "/\(total)" }
        parts[0] += " items"
        if progress.bytes > 0 { parts.append(Units.bytes(progress.bytes)) }
        parts.append("\(Int(rate)) items/s")
        if let total = progress.totalItems, rate > 0, total > progress.items {
            parts.append("\(Units.duration(seconds: Double(total - progress.items) / rate)) left")
        }
        if progress.errors > 0 { parts.append("\(progress.errors) errors") }
        if progress.warnings > 0 { parts.append("\(progress.warnings) warnings") }
        if !progress.activity.isEmpty { parts.append(progress.activity) }
        return parts.joined(separator: ", ")
    }

    private func show(_ line: LogLine) {
        let style = console.errorStyle
        let prefix: String
        switch line.level {
        case .debug:
            guard showsDebug else { return }
            prefix = style.dim("debug:")
        case .info:
            guard !isQuiet else { return }
            prefix = ""
        case .warning: prefix = style.yellow("warning:")
        case .error: prefix = style.red("error:")
        }
        let subject = line.item.map { "\($0): " } ?? ""
        let text = (prefix.isEmpty ? "" : prefix + " ") + subject + line.message
        state.withLock { state in
            if line.level == .error, !showsDebug, state.refusals.take(line.message) { return }
            if !state.shown.isEmpty { console.draw("\r\u{1B}[K") }
            console.complain(text)
            if !state.shown.isEmpty { console.draw(state.shown) }
        }
    }

    /// Runs something whose progress is shown, and takes the progress line away afterwards.
    func during<Value>(_ work: () async throws -> Value) async throws -> Value {
        defer { end() }
        return try await work()
    }

    private func end() {
        state.withLock { state in
            if !state.shown.isEmpty { console.draw("\r\u{1B}[K") }
            state.shown = ""
            for refusal in state.refusals.lines {
                console.complain("\(console.errorStyle.red("error:")) \(refusal.summary)")
                console.complain("\(console.errorStyle.bold("next:")) \(refusal.advice)")
            }
            state.refusals = RefusalDigest()
        }
    }
}
