import GodwitPluginAPI

extension ObjectStoreContract {
    static let keyChecks = [
        ContractCheck("key.characters", "Any character but a separator is legal in a key and comes back.") { run in
            try await checkKeys(
                run,
                [
                    "with space", "two  spaces ", " leading", "plus+sign", "per%cent", "%41", "%2F", "a:b",
                    "semi;colon", "amp&er", "less<than>", "quote\"s'", "back\\slash", "question?mark", "hash#tag",
                    "at@",
                    "equals=sign", "tilde~", "comma,", "dollar$", "star*", "brackets[]{}()", "pipe|", "caret^",
                    "back`tick", "exclaim!", "dot.", ".hidden", "...", "..dots", "dash-_", "ünïcödé", "日本語", "😀",
                    "e\u{301}", "\u{e9}", "nul-free\u{85}",
                ])
        },
        ContractCheck("key.controls", "Control characters but NUL are legal in a key and come back.") { run in
            try await checkKeys(run, ["line\nfeed", "carriage\rreturn", "tab\tbed", "control\u{1}", "delete\u{7f}"])
        },
        ContractCheck("key.prefixes", "Prefixes with special characters select exactly their keys.") { run in
            for name in ["a b/1", "a b/2", "a+b/1", "a%20b/1", "ä/1", "a&b/1"] { try await run.put(name, [1]) }
            for prefix in ["a b/", "a+b/", "a%20b/", "ä/", "a&b/"] {
                let expected = (prefix == "a b/" ? ["1", "2"] : ["1"]).map { run.key(prefix + $0) }
                try run.requireSame(try await run.list(prefix).keys, expected, "listing of '\(prefix)'")
            }
            try run.requireSame(
                try await run.list("", delimiter: "/").prefixes,
                ["a b/", "a%20b/", "a&b/", "a+b/", "ä/"].map(run.key).sorted(by: ObjectKey.precedes), "prefixes")
        },
        ContractCheck("key.longest", "Keys of the greatest length are legal, longer ones are refused.") { run in
            let room = run.subject.maximumKeyLength - run.prefix.utf8.count
            var name = ""
            while name.utf8.count < room {
                let left = room - name.utf8.count
                name += left > 201 ? String(repeating: "k", count: 199) + "/" : String(repeating: "z", count: left)
            }
            try await run.put(name, [1, 2])
            try run.require(try await run.read(name).bytes == [1, 2], "the longest key is not read back")
            try run.requireSame(try await run.list().keys, [run.key(name)], "listing")
            try await run.requireError(.invalidKey, "a put of a key that is one byte too long") {
                try await run.put(name + "z", [])
            }
        },
        ContractCheck("key.illegal", "What cannot be a key is refused by every method.") { run in
            let bad = ["", "/a", "a//b", "a/", ".", "..", "a/../b", "../a", "a/.", "./a"]
            for key in bad {
                let key = key.isEmpty || key.hasPrefix("/") || key.hasPrefix(".") ? key : run.key(key)
                try await run.requireError(.invalidKey, "put of '\(key)'") {
                    try await run.store.put(key, .bytes([]), options: PutOptions())
                }
                try await run.requireError(.invalidKey, "get of '\(key)'") {
                    _ = try await run.store.get(key, range: nil)
                }
                try await run.requireError(.invalidKey, "stat of '\(key)'") { _ = try await run.store.stat(key) }
                try await run.requireError(.invalidKey, "delete of '\(key)'") { try await run.store.delete([key]) }
            }
        },
        ContractCheck("key.missing", "A missing key is not found by get, nil for stat, and deleted already.") { run in
            try await run.put("there/deeper", [1])
            for name in ["missing", "missing/deeper", "there", "there/deepe", "there/deeper2"] {
                try await run.requireError(.notFound, "get of '\(name)'") { _ = try await run.read(name) }
                try await run.requireError(.notFound, "ranged get of '\(name)'") {
                    _ = try await run.read(name, range: 0..<1)
                }
                let stat = try await run.store.stat(run.key(name))
                try run.require(stat == nil, "stat of '\(name)' gives \(String(describing: stat))")
                try await run.store.delete([run.key(name)])
            }
            try run.require(try await run.read("there/deeper").bytes == [1], "deleting others harmed the object")
        },
    ]

    static let deletionChecks = [
        ContractCheck("delete.many", "Many keys are deleted in one call, existing or not, and nothing else.") { run in
            let names = (0..<1100).map { "d/\($0 % 10)/\($0)" }
            try await concurrently(names) { try await run.put($0, [1]) }
            try await run.put("d/keep", [2])
            try await run.store.delete((names + ["d/nope", "other/nope"]).map(run.key))
            try run.requireSame(try await run.list().keys, [run.key("d/keep")], "listing after the deletion")
            try await run.store.delete([])
        },
        ContractCheck("delete.again", "A deleted key is gone at once and can be put again.") { run in
            for round in 0..<3 {
                try await run.put("a/b/c", [UInt8(round)])
                try run.require(try await run.read("a/b/c").bytes == [UInt8(round)], "round \(round): not read back")
                try await run.store.delete([run.key("a/b/c")])
                try await run.requireError(.notFound, "get after delete") { _ = try await run.read("a/b/c") }
                try run.requireSame(try await run.list().keys, [], "listing after delete")
            }
        },
        ContractCheck("delete.beside", "Deleting the last object of a prefix does not harm puts beside it.") { run in
            try await concurrently(Array(0..<8)) { worker in
                for _ in 0..<20 {
                    let key = run.key("shared/deep/\(worker)")
                    try await run.store.put(key, .bytes([1]), options: PutOptions())
                    let stat = try await run.store.stat(key)
                    try run.require(stat != nil, "an object is gone right after its put")
                    try await run.store.delete([key])
                }
            }
        },
    ]

    private static func checkKeys(_ run: ContractRun, _ all: [String]) async throws {
        let names = all.filter { !run.subject.isUnsupported(run.key($0)) }
        for name in all where run.subject.isUnsupported(run.key(name)) {
            try await run.requireError(.invalidKey, "a put of '\(name)', which the service cannot keep") {
                try await run.put(name, [])
            }
        }
        for (index, name) in names.enumerated() {
            try await run.put(name, Array("\(index)".utf8))
        }
        for (index, name) in names.enumerated() {
            let read = try await run.read(name)
            try run.require(read.bytes == Array("\(index)".utf8), "'\(name)' holds another object's bytes")
            try run.require(Array(read.info.key.utf8) == Array(run.key(name).utf8), "'\(name)' comes back changed")
            let stat = try await run.store.stat(run.key(name))
            try run.require(
                stat.map { Array($0.key.utf8) } == Array(run.key(name).utf8), "stat of '\(name)' changes the key")
        }
        let expected = names.map(run.key).sorted(by: ObjectKey.precedes)
        try run.requireSame(try await run.list().keys, expected, "listing")
        try await run.store.delete(names.map(run.key))
        try run.requireSame(try await run.list().keys, [], "listing after deleting all")
    }

    /// Does something for each element, 16 at once.
    static func concurrently<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, element) in elements.enumerated() {
                if index >= 16 { try await group.next() }
                group.addTask { try await body(element) }
            }
            try await group.waitForAll()
        }
    }
}
