import GodwitPluginAPI

extension ObjectStoreContract {
    static let listingChecks = [
        ContractCheck("list.pages", "Pages together give every key once, in ascending order of bytes.") { run in
            let names = (0..<run.subject.listedKeys).map { number in
                switch number % 5 {
                case 0: "p/\(number)"
                case 1: "p/\(number % 50)/x\(number)"
                case 2: "p/\(number % 50).y/\(number)"
                case 3: "p/\(number % 50)-\(number)"
                default: "p/ä\(number)"
                }
            }
            try await concurrently(names) { try await run.put($0, []) }
            let expected = names.map(run.key).sorted(by: ObjectKey.precedes)
            for size in [1000, 7 * run.subject.listedKeys / 25] {
                let listing = try await run.list("p/", pageSize: size)
                try run.requireSame(listing.keys, expected, "keys in pages of \(size)")
                try run.require(
                    listing.pages.allSatisfy { $0.objects.count + $0.commonPrefixes.count <= size },
                    "a page holds more than \(size)")
            }
            try await checkDelimited(run, expected)
        },
        ContractCheck("list.order", "Keys come in the order of their bytes, not of their components.") { run in
            let names = [
                "a-b", "a.b", "a/1", "a/b/1", "a/b.c", "a0", "ab", "b", "B/1", "é", "z", "~", "a/b-c/d", "a.b.c/1",
                "a b",
            ]
            for name in names { try await run.put(name, []) }
            let expected = names.map(run.key).sorted(by: ObjectKey.precedes)
            for size in [1, 2, 3, 1000] {
                try run.requireSame(try await run.list(pageSize: size).keys, expected, "pages of \(size)")
            }
            for size in [1, 2, 1000] {
                let listing = try await run.list(delimiter: "/", pageSize: size)
                try run.requireSame(
                    listing.prefixes, ["B/", "a.b.c/", "a/"].map(run.key), "common prefixes in pages of \(size)")
                try run.requireSame(
                    listing.keys, ["a b", "a-b", "a.b", "a0", "ab", "b", "z", "~", "é"].map(run.key),
                    "keys beside them in pages of \(size)")
            }
        },
        ContractCheck("list.prefix", "A prefix need not end at a separator, and selects by bytes.") { run in
            for name in ["ab", "abc/1", "abd", "b", "abc/2/3"] { try await run.put(name, [1]) }
            try run.requireSame(try await run.list("ab").keys, ["ab", "abc/1", "abc/2/3", "abd"].map(run.key), "'ab'")
            try run.requireSame(try await run.list("abc").keys, ["abc/1", "abc/2/3"].map(run.key), "'abc'")
            try run.requireSame(try await run.list("abc/1").keys, [run.key("abc/1")], "'abc/1'")
            try run.requireSame(try await run.list("abc/2/3/").keys, [], "'abc/2/3/'")
            try run.requireSame(try await run.list("x").keys, [], "'x'")
            let delimited = try await run.list("ab", delimiter: "/")
            try run.requireSame(delimited.prefixes, [run.key("abc/")], "prefixes of 'ab'")
            try run.requireSame(delimited.keys, ["ab", "abd"].map(run.key), "keys of 'ab'")
        },
        ContractCheck("list.delimiter", "A delimiter may be any text.") { run in
            for name in ["x-1", "x-2", "y-1/2", "y", "z/1-2"] { try await run.put(name, [1]) }
            let listing = try await run.list(delimiter: "-")
            try run.requireSame(listing.prefixes, ["x-", "y-", "z/1-"].map(run.key), "prefixes")
            try run.requireSame(listing.keys, [run.key("y")], "keys")
        },
        ContractCheck("list.info", "A listing gives sizes, and tags that equal those of stat.") { run in
            try await run.put("a", [1, 2, 3])
            let listing = try await run.list()
            let stat = try await run.store.stat(run.key("a"))
            guard let object = listing.pages.first?.objects.first else {
                throw ContractViolation(why: "the listing is empty")
            }
            try run.require(object.etag == stat?.etag, "the tags of list and stat differ")
            guard run.store.capabilities.listedSizes else {
                throw ContractSkip(why: "the store does not claim to list sizes")
            }
            try run.require(object.size == 3, "the listing says \(object.size) bytes and not 3")
        },
    ]

    private static func checkDelimited(_ run: ContractRun, _ keys: [String]) async throws {
        let start = run.key("p/").utf8.count
        var prefixes: [String] = []
        var plain: [String] = []
        for key in keys {
            let rest = key.utf8.dropFirst(start)
            if let end = rest.firstIndex(of: UInt8(ascii: "/")) {
                let prefix = String(key[...end])
                if prefixes.last != prefix { prefixes.append(prefix) }
            } else {
                plain.append(key)
            }
        }
        for size in [1000, 11] {
            let listing = try await run.list("p/", delimiter: "/", pageSize: size)
            try run.requireSame(listing.prefixes, prefixes, "common prefixes in pages of \(size)")
            try run.requireSame(listing.keys, plain, "keys beside them in pages of \(size)")
        }
    }
}
