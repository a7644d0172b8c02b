import CloudStorage
import Foundation
import GodwitPluginAPI
import ProgramTestKit
import S3ObjectStore
import Testing

/// docs/object-stores.md, `plugin get` and what is understood are the same list.
@Suite struct DocumentedSettingsTests {
    /// The names in the first two columns of the document's table.
    private func documented() throws -> (own: [String], veleros: [String]) {
        let text = try String(contentsOfFile: Checkout.path("docs/object-stores.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
            $0.split(separator: "|", omittingEmptySubsequences: false)
        }
        func names(_ column: Int) -> [String] {
            rows.flatMap { row in
                row[column].split(separator: "`").map(String.init).filter { $0.contains { $0.isLetter } }
            }
        }
        return (names(1), names(2))
    }

    @Test func everySettingIsInTheDocument() throws {
        let own = try documented().own
        let listed = S3Provider(userAgent: "test").parameters.map(\.name)
        #expect(Set(own) == Set(listed + ["ca-data"]))
        #expect(own.count >= 19)
    }

    @Test func everyDocumentedSettingIsUnderstood() throws {
        let (own, veleros) = try documented()
        for name in own + veleros + ["signatureVersion", "enableSharedConfig"] {
            do {
                // A value that some settings take and others refuse: none may say that it does not know the name.
                _ = try S3Configuration(bucket: "b", settings: [name: "4"])
            } catch {
                #expect(error.reason != "there is no such setting", "\(name)")
            }
        }
        let error = #expect(throws: SettingError.self) {
            try S3Configuration(bucket: "b", settings: ["colour": "4"])
        }
        #expect(error?.reason == "there is no such setting")
    }
}
