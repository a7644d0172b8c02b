import Foundation
import Testing

/// The rooms stand as docs/architecture.md says, checked on the sources themselves.
@Suite struct ArchitectureTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// One Swift source.
    struct Source: CustomTestStringConvertible {
        let path: String
        let lines: [Substring]

        var testDescription: String { path }

        /// The modules it imports.
        var imports: Set<String> {
            var modules: Set<String> = []
            for line in lines {
                var words = line.split(separator: " ").map(String.init)
                while let first = words.first, first.hasPrefix("@") || Self.access.contains(first) {
                    words.removeFirst()
                }
                guard words.first == "import", words.count >= 2 else { continue }
                // `import struct Module.Name` and `import Module.Submodule` both name the module first.
                let name = words.count >= 3 && Self.kinds.contains(words[1]) ? words[2] : words[1]
                modules.insert(String(name.prefix { $0 != "." && $0 != ";" }))
            }
            return modules
        }

        private static let access: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
        private static let kinds: Set<String> = [
            "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
        ]
    }

    static func sources(in folder: String) -> [Source] {
        let base = root.appendingPathComponent(folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
            guard let text = try? String(contentsOf: base.appendingPathComponent(name), encoding: .utf8) else {
                return nil
            }
            return Source(
                path: "\(folder)/\(name)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    static let product = sources(in: "Sources") + sources(in: "Plugins")

    static func room(of path: String) -> (name: String, room: ImportRules.Room)? {
        ImportRules.rooms.first { path.hasPrefix($0.value.folder + "/") }.map { ($0.key, $0.value) }
    }

    @Test func everySourceStandsInAKnownRoom() {
        #expect(Self.product.count > 20)
        for source in Self.product where !source.path.hasPrefix(ImportRules.executable + "/") {
            #expect(Self.room(of: source.path) != nil, "\(source.path): name its target and what it may import")
        }
    }

    @Test func arrowsPointDown() {
        for source in Self.product {
            guard let (name, room) = Self.room(of: source.path) else { continue }
            let forbidden = source.imports.subtracting(ImportRules.platform).subtracting(room.imports)
            #expect(forbidden.isEmpty, "\(source.path): \(name) may not import \(forbidden.sorted())")
        }
    }

    @Test func theTableItselfHasNoCycle() {
        var levels: [String: Int] = [:]
        func level(_ name: String, _ trail: [String]) -> Int {
            if let known = levels[name] { return known }
            guard let room = ImportRules.rooms[name] else { return 0 }
            guard !trail.contains(name) else {
                Issue.record("\(trail + [name]) is a cycle")
                return 0
            }
            let result = 1 + (room.imports.map { level($0, trail + [name]) }.max() ?? 0)
            levels[name] = result
            return result
        }
        for name in ImportRules.rooms.keys { #expect(level(name, []) > 0) }
    }

    @Test func pluginsSeeNeitherTheEngineNorEachOther() {
        let plugins = ImportRules.rooms.filter {
            $0.value.folder.hasPrefix("Plugins/") && !ImportRules.pluginLibraries.contains($0.key)
        }
        for source in Self.sources(in: "Plugins") {
            let own = Self.room(of: source.path)?.name
            let others = source.imports.intersection(plugins.keys).filter { $0 != own }
            #expect(others.isEmpty, "\(source.path) imports \(others)")
            #expect(source.imports.isDisjoint(with: ["GodwitEngine", "KubernetesClient", "Tarball", "ArgumentParser"]))
        }
        for source in Self.sources(in: "Sources") where !source.path.hasPrefix(ImportRules.executable + "/") {
            #expect(
                source.imports.isDisjoint(with: plugins.keys), "\(source.path): only the executable imports plugins")
        }
    }

    @Test func eachCLibraryHasOneWrapper() {
        for source in Self.product {
            // What stands in no room is the executable.
            let own = Self.room(of: source.path)?.name ?? "godwit"
            for (module, wrapper) in ImportRules.wrappers where source.imports.contains(module) {
                #expect(own == wrapper, "\(source.path) imports \(module)")
            }
            #expect(!source.lines.contains { $0.hasPrefix("public import CLib") }, "\(source.path) shows a C type")
        }
    }

    @Test func thePackageManifestAgrees() throws {
        let manifest = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        for (name, room) in ImportRules.rooms {
            let isThere = FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(room.folder).path)
            #expect(
                manifest.contains("\"\(name)\"") == isThere, "\(name) is in the table or in Package.swift, not in both")
        }
    }

    @Test func nothingTraps() {
        for source in Self.product where ImportRules.traps[source.path] == nil {
            for (index, line) in source.lines.enumerated() {
                let code = line.drop { $0 == " " }
                guard !code.hasPrefix("//") else { continue }
                for word in [
                    "try!", "fatalError(", "as!", "preconditionFailure(", "Thread.sleep(", "unsafelyUnwrapped",
                ] {
                    #expect(!code.contains(word), "\(source.path):\(index + 1): \(word)")
                }
            }
        }
    }

    @Test func uncheckedSendableStandsWithItsReason() {
        for source in Self.product {
            for (index, line) in source.lines.enumerated() where line.contains("@unchecked Sendable") {
                let before = source.lines[max(0, index - 6)..<index].filter { $0.drop { $0 == " " }.hasPrefix("//") }
                #expect(!before.isEmpty, "\(source.path):\(index + 1): say why it is safe")
            }
        }
    }

    @Test func filesStayReadable() {
        for source in Self.product
        where ImportRules.longFiles[source.path] == nil && !source.path.hasPrefix(ImportRules.generated) {
            #expect(source.lines.count <= 500, "\(source.path) has \(source.lines.count) lines")
        }
    }

    /// The field's words, not the workplace's.
    @Test func namesAreWords() {
        for source in Self.product {
            let name = source.path.split(separator: "/").last.map(String.init) ?? ""
            for word in ["Util", "Helper", "Misc", "Common"] {
                #expect(!name.contains(word), "\(source.path): what is it for?")
            }
        }
    }
}
