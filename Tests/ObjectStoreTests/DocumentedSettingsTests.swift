import AzureObjectStore
import CloudStorage
import Foundation
import GCSObjectStore
import GodwitPluginAPI
import ProgramTestKit
import S3ObjectStore
import Testing

/// docs/object-stores.md, docs/providers.md, `plugin get` and what is understood are the same list.
@Suite struct DocumentedSettingsTests {
    /// A store with settings.
    enum Store: String, CaseIterable, CustomTestStringConvertible {
        case s3 = "s3://bucket/prefix"
        case azure = "azure://container/prefix"
        case gcs = "gs://bucket/prefix"

        var testDescription: String { rawValue }

        var provider: any ObjectStoreProvider {
            switch self {
            case .s3: S3Provider(userAgent: "test")
            case .azure: AzureProvider(userAgent: "test")
            case .gcs: GCSProvider(userAgent: "test")
            }
        }

        /// Names that are understood and stand beside the table.
        var others: [String] {
            switch self {
            case .s3: ["signatureVersion", "enableSharedConfig"]
            case .azure: ["useAAD"]
            case .gcs: ["universeDomain"]
            }
        }

        func read(_ settings: [String: String]) throws(SettingError) {
            switch self {
            case .s3: _ = try S3Configuration(bucket: "bucket", settings: settings)
            case .azure: _ = try AzureConfiguration(container: "bucket", settings: settings)
            case .gcs: _ = try GCSConfiguration(bucket: "bucket", settings: settings)
            }
        }

        /// The names in the first two columns of the document's table.
        func documented() throws -> (own: [String], veleros: [String]) {
            let text = try String(contentsOfFile: Checkout.path("docs/object-stores.md"), encoding: .utf8)
            let start = try #require(text.firstRange(of: "\n## \(rawValue)\n"))
            let rest = text[start.upperBound...]
            let section = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
            let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
                $0.split(separator: "|", omittingEmptySubsequences: false)
            }
            func names(_ column: Int) -> [String] {
                rows.flatMap { row in
                    row[column].split(separator: "`").map(String.init).filter { $0.contains { $0.isLetter } }
                }
            }
            return (names(1), names(2))
        }
    }

    @Test(arguments: Store.allCases) func everySettingIsInTheDocument(store: Store) throws {
        let own = try store.documented().own
        let listed = store.provider.parameters.map(\.name)
        #expect(own.count == Set(own).count)
        #expect(Set(own) == Set(listed + ["ca-data"]))
    }

    @Test(arguments: Store.allCases) func everyDocumentedSettingIsUnderstood(store: Store) throws {
        let (own, veleros) = try store.documented()
        #expect(veleros.count >= 6)
        for name in own + veleros + store.others {
            do {
                // A value that some settings take and others refuse: none may say that it does not know the name.
                try store.read([name: "4"])
            } catch {
                #expect(error.reason != "there is no such setting", "\(name)")
            }
        }
        let error = #expect(throws: SettingError.self) { try store.read(["colour": "4"]) }
        #expect(error?.reason == "there is no such setting")
    }

    /// The table of all providers names each setting too.
    @Test(arguments: Store.allCases) func everySettingIsInTheTableOfProviders(store: Store) throws {
        let text = try String(contentsOfFile: Checkout.path("docs/providers.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.contains("`\(store.provider.name)`") }
        let row = try #require(rows.first)
        for name in try store.documented().own + store.documented().veleros {
            #expect(row.contains("`\(name)`"), "\(name)")
        }
    }
}
