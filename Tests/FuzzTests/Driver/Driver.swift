import Foundation

// The program of libFuzzer, whose own `main` calls what is here.

/// The harness that GODWIT_FUZZING names.
private let harness: Harness? = ProcessInfo.processInfo.environment["GODWIT_FUZZING"].flatMap(Harness.named)

/// Called once. `--inputs CORPUS FOLDER` in place of libFuzzer's arguments writes each harness's seeds and the committed
/// corpus to a folder of its name there, a file an input, as libFuzzer wants them; `--list` prints the names.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    let words = CommandLine.arguments.dropFirst()
    if words.first == "--list" {
        for harness in Harness.all { print(harness.name, harness.maximumLength) }
        exit(0)
    }
    if words.first == "--inputs", words.count == 3, let folder = words.last {
        do { try writeInputs(corpus: CommandLine.arguments[2], to: folder) } catch {
            print("cannot write the inputs: \(error)")
            exit(1)
        }
        exit(0)
    }
    guard harness != nil else {
        print("GODWIT_FUZZING must name one of: \(Harness.all.map(\.name).joined(separator: " "))")
        exit(2)
    }
    return 0
}

/// Called with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        try harness?.run(input)
    } catch {
        fatalError("\(harness?.name ?? ""): \(error)")
    }
    return 0
}

private func writeInputs(corpus: String, to folder: String) throws {
    for harness in Harness.all {
        let path = "\(folder)/\(harness.name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (number, input) in try (harness.seeds() + harness.stored(in: corpus)).enumerated() {
            try Data(input).write(to: URL(fileURLWithPath: "\(path)/known-\(number)"))
        }
    }
}
