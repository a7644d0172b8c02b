import Foundation

/// The variables that the testbed and the person at the keyboard set.
enum TestEnvironment {
    static subscript(name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
