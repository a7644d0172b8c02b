import GodwitPluginAPI
import Streams

extension ObjectStoreContract {
    static let contentChecks = [
        ContractCheck("content.roundtrip", "What was put is read back, byte for byte.") { run in
            let bytes = ContractPattern(seed: 1).bytes(at: 0, count: 100_001)
            let put = try await run.store.put(run.key("a"), .bytes(bytes), options: PutOptions())
            try run.require(put.size == 100_001, "put says \(put.size) bytes and not 100001")
            let read = try await run.read("a")
            try run.require(read.bytes == bytes, "\(read.bytes.count) bytes are read that differ from the 100001 put")
            try run.require(read.info.size == 100_001, "the reader says \(read.info.size) bytes and not 100001")
            let stat = try await run.store.stat(run.key("a"))
            try run.require(stat?.size == 100_001, "stat says \(String(describing: stat))")
            try run.require(stat?.etag == read.info.etag, "stat and get give different tags")
        },
        ContractCheck("content.empty", "Empty objects are legal, from bytes and from a stream.") { run in
            try await run.put("a", [])
            try await run.store.put(
                run.key("b"), .stream(ByteStream { nil }, length: nil), options: PutOptions())
            try await run.store.put(run.key("c"), .stream(ByteStream { nil }, length: 0), options: PutOptions())
            for name in ["a", "b", "c"] {
                let read = try await run.read(name)
                try run.require(read.bytes.isEmpty && read.info.size == 0, "'\(name)' is not empty")
                let stat = try await run.store.stat(run.key(name))
                try run.require(stat?.size == 0, "stat of '\(name)' says \(String(describing: stat))")
            }
            try await run.requireError(.invalidRange, "reading from 0 on in an empty object") {
                _ = try await run.read("a", range: 0..<1)
            }
        },
        ContractCheck("content.overwrite", "Putting an existing key replaces it, with more or fewer bytes.") { run in
            for size in [10, 100_000, 3, 0, 7] {
                let bytes = ContractPattern(seed: UInt64(size)).bytes(at: 0, count: size)
                try await run.put("a", bytes)
                try run.require(try await run.read("a").bytes == bytes, "the object of \(size) bytes is not read back")
                let stat = try await run.store.stat(run.key("a"))
                try run.require(stat?.size == Int64(size), "stat says \(String(describing: stat)), not \(size) bytes")
            }
        },
        ContractCheck("content.stream", "A body of small pieces and unknown length is stored whole.") { run in
            let pattern = ContractPattern(seed: 2)
            let pieces = BoundedChannel<[UInt8]>(limit: 1 << 16) { $0.count }
            async let put = run.store.put(
                run.key("a"), .stream(ByteStream(pieces), length: nil), options: PutOptions())
            for piece in 0..<1000 { try await pieces.send(pattern.bytes(at: piece * 100, count: 100)) }
            pieces.finish()
            try run.require(try await put.size == 100_000, "put does not say 100000 bytes")
            let bytes = try await run.read("a").bytes
            try run.require(bytes.count == 100_000 && pattern.matches(bytes, at: 0), "other bytes are read back")
        },
        ContractCheck("content.length", "A stream that is shorter or longer than announced is refused.") { run in
            try await run.put("a", [1, 2, 3])
            for (announced, sent) in [(100, 99), (100, 101), (0, 1), (1, 0)] {
                let body = ContractPattern(seed: 3).stream(count: sent)
                do {
                    try await run.store.put(
                        run.key("a"), .stream(body, length: Int64(announced)), options: PutOptions())
                } catch is ObjectStoreError {
                    try run.require(try await run.read("a").bytes == [1, 2, 3], "the object was harmed by it")
                    continue
                }
                throw ContractViolation(why: "\(sent) bytes, announced as \(announced), are stored")
            }
        },
        ContractCheck("content.large", "A large stream of unknown length is stored whole, in bounded memory.") { run in
            let size = run.subject.largeSize
            let pattern = ContractPattern(seed: 4)
            let put = try await run.store.put(
                run.key("a"), .stream(pattern.stream(count: size), length: nil), options: PutOptions())
            try run.require(put.size == Int64(size), "put says \(put.size) bytes and not \(size)")
            let reader = try await run.store.get(run.key("a"), range: nil)
            var offset = 0
            for try await piece in reader.body {
                try run.require(pattern.matches(piece, at: offset), "other bytes are read back at \(offset)")
                offset += piece.count
            }
            try run.require(offset == size, "\(offset) bytes are read back and not \(size)")
            let middle = Int64(size / 2 - 1000)
            let part = try await run.read("a", range: middle..<(middle + 2000)).bytes
            try run.require(
                part.count == 2000 && pattern.matches(part, at: Int(middle)), "a range of it holds other bytes")
        },
        ContractCheck("content.unread", "A reader that is dropped half-read does no harm.") { run in
            let bytes = ContractPattern(seed: 5).bytes(at: 0, count: 4_000_000)
            try await run.put("a", bytes)
            for _ in 0..<10 {
                let reader = try await run.store.get(run.key("a"), range: nil)
                var pieces = reader.body.makeAsyncIterator()
                _ = try await pieces.next()
            }
            _ = try await run.store.get(run.key("a"), range: nil)
            try run.require(try await run.read("a").bytes == bytes, "other bytes are read afterwards")
        },
    ]

    static let rangeChecks = [
        ContractCheck("range.edges", "Ranges give exactly their bytes, cut at the end of the object.") { run in
            let pattern = ContractPattern(seed: 6)
            try await run.put("a", pattern.bytes(at: 0, count: 10_000))
            let ranges: [(Range<Int64>, Range<Int>)] = [
                (0..<1, 0..<1), (0..<10_000, 0..<10_000), (9_999..<10_000, 9_999..<10_000),
                (9_999..<20_000, 9_999..<10_000), (0..<Int64.max, 0..<10_000), (5_000..<5_001, 5_000..<5_001),
                (1..<9_999, 1..<9_999),
            ]
            for (range, expected) in ranges {
                let read = try await run.read("a", range: range)
                try run.require(
                    read.bytes.count == expected.count && pattern.matches(read.bytes, at: expected.lowerBound),
                    "\(range) gives \(read.bytes.count) bytes and not those of \(expected)")
                try run.require(read.info.size == 10_000, "\(range): the reader says the object has \(read.info.size)")
            }
        },
        ContractCheck("range.empty", "An empty range inside the object gives no bytes.") { run in
            try await run.put("a", [1, 2, 3])
            for start: Int64 in [0, 2] {
                let read = try await run.read("a", range: start..<start)
                try run.require(read.bytes.isEmpty && read.info.size == 3, "\(start)..<\(start) gives \(read)")
            }
        },
        ContractCheck("range.beyond", "A range that starts at or past the end is an error.") { run in
            try await run.put("a", [1, 2, 3])
            for range: Range<Int64> in [3..<4, 3..<3, 4..<100, 1_000_000..<1_000_001] {
                try await run.requireError(.invalidRange, "\(range) of 3 bytes") {
                    _ = try await run.read("a", range: range)
                }
            }
        },
    ]
}
