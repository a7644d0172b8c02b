public import Streams

extension ByteStream {
    /// This stream compressed, as one zstd frame or one gzip member, on a thread of its own.
    public func compressed(with compression: TarballCompression = .zstd()) throws -> ByteStream {
        let transcoder = CompressingStream(self, compressor: try compression.makeCompressor())
        return ByteStream { try await transcoder.next() }
    }

    /// This stream decompressed, on a thread of its own. zstd and gzip are told apart by their first bytes.
    ///
    /// Reading throws ``TarballError`` when the data is damaged, ends early, is neither zstd nor gzip, or passes the
    /// total size or the expansion of the limits.
    public func decompressed(limits: TarballLimits = TarballLimits()) -> ByteStream {
        let transcoder = DecompressingStream(self, limits: limits)
        return ByteStream { try await transcoder.next() }
    }
}

/// Compresses what it pulls.
private actor CompressingStream {
    private let executor = ThreadExecutor(name: "compress")
    private let source: ByteStream
    private let compressor: any StreamCompressor
    private let output = GrowableBuffer(capacity: 256 << 10)
    private var isDone = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ source: ByteStream, compressor: sending any StreamCompressor) {
        self.source = source
        self.compressor = compressor
    }

    func next() async throws -> [UInt8]? {
        while output.count < 64 << 10, !isDone {
            var iterator = source.makeAsyncIterator()
            let piece = try await iterator.next()
            try (piece ?? []).withUnsafeBytes { bytes in
                try compressor.compress(bytes, into: output, finish: piece == nil)
            }
            if piece == nil { isDone = true }
        }
        return output.count > 0 ? output.take(256 << 10) : nil
    }
}

/// Decompresses what it pulls.
private actor DecompressingStream {
    private let executor = ThreadExecutor(name: "decompress")
    private let source: ByteStream
    private let decompressor: Decompressor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ source: ByteStream, limits: TarballLimits) {
        self.source = source
        decompressor = Decompressor(limits: limits, allowsPlain: false)
    }

    func next() async throws -> [UInt8]? {
        while true {
            var progress = Decompressor.Progress.needsInput
            let piece = try [UInt8](unsafeUninitializedCapacity: 128 << 10) { room, count in
                progress = try decompressor.produce(into: UnsafeMutableRawBufferPointer(room))
                if case .output(let length) = progress { count = length }
            }
            switch progress {
            case .output: return piece
            case .finished: return nil
            case .needsInput:
                var iterator = source.makeAsyncIterator()
                if let input = try await iterator.next() {
                    decompressor.supply(input)
                } else {
                    decompressor.endInput()
                }
            }
        }
    }
}
