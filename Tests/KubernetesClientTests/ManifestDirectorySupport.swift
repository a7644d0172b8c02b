import Foundation
import GodwitModel
import GodwitTestKit
import KubernetesClient

/// A directory for one test, removed with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("godwit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(name, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func read(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

    var files: [String] {
        let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    var cluster: ManifestDirectory { ManifestDirectory(path: path) }
}

extension JSONValue {
    /// A value made by chance.
    static func randomManifest(_ generator: inout SeededGenerator, depth: Int = 4) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: Int64.min...Int64.max, using: &generator))
        case 3, 4: return .string(randomLine(&generator))
        case 5, 6:
            return .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in randomManifest(&generator, depth: depth - 1) }
            )
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                members[randomLine(&generator)] = randomManifest(&generator, depth: depth - 1)
            }
            return .object(members)
        }
    }

    private static func randomLine(_ generator: inout SeededGenerator) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "Z", "0", "1", " ", " ", "\"", "\\", "/", "\n", "\n", ":", "-", "#", "\u{0}", "\t", "é", "漢", "😀", ".",
            "\r",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            text.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }
}

extension ManifestDirectory {
    func resource(_ name: String) async throws -> APIResource {
        let found = try await discover().find(name)
        guard let first = found.first else {
            throw ClusterError(.notFound, operation: "find \(name)", cluster: description)
        }
        return first
    }

    func all(_ name: String, namespace: String? = nil, options: ListOptions = ListOptions()) async throws -> [Item] {
        var items: [Item] = []
        for try await batch in list(try await resource(name), namespace: namespace, options: options) { items += batch }
        return items
    }

    func object(_ name: String, _ namespace: String?, _ object: String) async throws -> JSONValue? {
        try await get(try await resource(name), namespace: namespace, name: object).map {
            try JSONValue(parsing: $0.bytes)
        }
    }
}
