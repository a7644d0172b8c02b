import Foundation

/// A directory that is gone after the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "godwit-tree-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        let removal = Process()
        removal.executableURL = URL(fileURLWithPath: "/bin/rm")
        removal.arguments = ["-rf", path]
        try? removal.run()
        removal.waitUntilExit()
    }

    func sub(_ name: String) -> String { path + "/" + name }
}
