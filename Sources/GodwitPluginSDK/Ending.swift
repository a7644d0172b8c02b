import Synchronization

/// What is done when the host asks the program to end.
final class Ending: Sendable {
    private let stored = Mutex<(@Sendable () -> Void)?>(nil)

    /// What is done.
    var action: (@Sendable () -> Void)? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}
