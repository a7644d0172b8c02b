import Foundation

/// The checkout that the tests belong to, and what was built from it.
public enum Checkout {
    /// The root folder.
    public static let root: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// A file of the checkout.
    public static func path(_ relative: String) -> String { "\(root)/\(relative)" }

    /// The program: beside the test bundle, where the build puts both; or the one that GODWIT_TEST_BINARY names.
    public static let godwit: String = {
        TestEnvironment["GODWIT_TEST_BINARY"] ?? built("godwit")
    }()

    /// A program of the build that the tests are of.
    public static func built(_ program: String) -> String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (own as NSString).deletingLastPathComponent + "/\(program)"
    }

    /// Where programs that the tests build by themselves are kept for the next run: beside the testbed's.
    public static let cache: String = {
        if let path = TestEnvironment["GODWIT_TESTBED_CACHE"] { return path }
        return (TestEnvironment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache") + "/godwit-testbed"
    }()
}

/// The variables that the testbed and the person at the keyboard set.
public enum TestEnvironment {
    /// The value; nil when it is absent or empty.
    public static subscript(name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
