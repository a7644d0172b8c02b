import GodwitModel
import GodwitTestKit
import Testing

@testable import KubernetesClient

/// Measures rather than checks; run it in a release build: `GODWIT_MEASURE=1 swift test -c release …`.
@Suite(.enabled(if: TestEnvironment["GODWIT_MEASURE"] != nil, "set GODWIT_MEASURE to measure the scanner"))
struct ListPageScannerSpeedTests {
    static let secrets = APIResource(
        groupVersion: GroupVersion(apiVersion: "v1"), plural: "secrets", kind: "Secret", isNamespaced: true, verbs: [])

    @Test func scanningSpeed() throws {
        for contentSize in [200, 2048, 20000] {
            let content = String(repeating: "YWJjZGVm", count: contentSize / 8)
            let count = 8_000_000 / (contentSize + 700)
            let items = (0..<count).map { index in
                """
                {"metadata":{"name":"secret-\(index)","namespace":"bench","uid":"1f3e0d6c-3f5c-4b0e-9b3a-6f1e0d6c\(index)",\
                "resourceVersion":"\(index)","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"shop","tier":"db"},\
                "managedFields":[{"manager":"kubectl-create","operation":"Update","apiVersion":"v1","time":\
                "2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:password":{}},"f:type":{}}}]},\
                "data":{"password":"\(content)"},"type":"Opaque"}
                """
            }
            let page =
                Array(#"{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":["#.utf8)
                + Array(items.joined(separator: ",").utf8) + Array("]}".utf8)
            var random = RandomJSON(seed: 7)
            let pieces = stride(from: 0, to: page.count, by: 16384).map {
                Array(page[$0..<min($0 + 16384, page.count)])
            }
            _ = random.generator.next()
            var best = 0.0
            for _ in 0..<20 {
                let clock = ContinuousClock()
                var found = 0
                let time = try clock.measure {
                    var scanner = ListPageScanner(resource: Self.secrets)
                    for piece in pieces { found += try scanner.scan(piece).count }
                }
                #expect(found == count)
                best = max(best, Double(page.count) / 1e6 / (time / .seconds(1)))
            }
            print("scanner: items of \(page.count / count) bytes: \(Int(best)) MB/s")
        }
    }
}
