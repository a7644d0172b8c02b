/// Passes bytes on as they are.
final class PlainDecompressor: StreamDecompressor {
    let holdsOutput = false
    let isBetweenFrames = true

    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DamagedStream) -> DecompressionStep {
        let length = min(input.count, output.count)
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: input.prefix(length)))
        return DecompressionStep(consumed: length, produced: length, endsFrame: false)
    }
}
