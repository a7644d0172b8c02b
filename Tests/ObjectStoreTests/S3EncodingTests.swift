import CloudStorage
import Foundation
import Testing

@testable import S3ObjectStore

@Suite struct S3EncodingTests {
    @Test func checksumsAreThoseOfTheStandard() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([]) == 0)
        #expect(S3Configuration.Checksum.crc32c.value(of: Array("hello".utf8)) == "mnG7TA==")
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0.0), ("2000-02-29T12:00:00.500Z", 951_825_600.5),
        ("2024-12-31T23:59:59Z", 1_735_689_599),
    ]) func dates(text: String, seconds: Double) throws {
        let date = try #require(ServiceDate.parseExtended(text))
        #expect(date.timeIntervalSince1970 == seconds)
        #expect(ServiceDate.extended(date).prefix(19) == text.prefix(19))
    }

    /// As programs of AWS write it, and others.
    @Test(arguments: [
        ("2099-01-01T00:00:00+00:00", 4_070_908_800), ("2099-01-01T00:00:00.189000+00:00", 4_070_908_800.189),
        ("2024-12-31T23:59:59+01:30", 1_735_684_199), ("2024-12-31T23:59:59.5-05:00", 1_735_707_599.5),
        ("2024-12-31T23:59:59.123456789123Z", 1_735_689_599.123456789),
    ]) func datesWithAnOffset(text: String, seconds: Double) throws {
        let date = try #require(ServiceDate.parseExtended(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 0.000_01)
    }

    @Test(arguments: [
        "2024-12-31T23:59:59", "2024-12-31T23:59:59+0100", "2024-12-31T23:59:59+24:00", "2024-12-31T23:59:59+01:60",
        "2024-12-31T23:59:59.Z", "2024-12-31T23:59:59xZ", "2024-12-31T23:59:59.5", "2024-12-31T23:59:59 01:00",
        "2024-12-31T23:59:59.-1:00",
    ]) func noDates(text: String) { #expect(ServiceDate.parseExtended(text) == nil) }

    @Test func datesGoBothWays() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let date = Date(
                timeIntervalSince1970: Double(Int.random(in: -2_000_000_000...10_000_000_000, using: &generator)))
            #expect(ServiceDate.parseExtended(ServiceDate.extended(date)) == date)
        }
        let date = try #require(ServiceDate.parseHTTP("Fri, 24 May 2013 00:00:00 GMT"))
        #expect(ServiceDate.basic(date) == "20130524T000000Z")
        for text in ["", "Fri", "Fri, 24 Foo 2013 00:00:00 GMT", "Fri, 99 May 2013 00:00:00 GMT", "x, y z a b c"] {
            #expect(ServiceDate.parseHTTP(text) == nil)
        }
    }

    @Test func listedKeysAreDecoded() {
        #expect(PercentEncoding.decodeListed("a+b%2Bc%20d%C3%A9") == "a b+c dé")
        #expect(PercentEncoding.decodeListed("a%2") == nil)
        #expect(PercentEncoding.decodeListed("%FF") == nil)
    }

    @Test func documentsAreRead() throws {
        let text = """
            <?xml version="1.0"?><!-- note --><s:Root a="1>2" xmlns:s='x'><Key>a&amp;b &lt;&#65;&#x1F600;</Key>
            <Key><![CDATA[<raw>]]></Key><Empty/></s:Root>
            """
        let root = try #require(XMLElement.parse(Array(text.utf8)))
        #expect(root.name == "Root")
        #expect(root.all("Key").map(\.text) == ["a&b <A😀", "<raw>"])
        #expect(root["Empty"]?.text == "")
        let nasty = "<a>&\"'\r\n\t]]>"
        let again = XMLElement.parse(Array("<x>\(XMLElement.escape(nasty))</x>".utf8))
        #expect(again?.text == nasty)
    }

    @Test(arguments: [
        "", "<", "<a", "<a>", "<a></b>", "<a>&unknown;</a>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a></a>rest",
        "<a>&#xFFFFFFFF;</a>", "<a><![CDATA[", "<a b='", "<a>&", "<a/><b/>",
        String(repeating: "<a>", count: 100_000),
    ]) func hostileDocumentsAreRefused(text: String) {
        #expect(XMLElement.parse(Array(text.utf8)) == nil)
    }

    @Test func noBytesCrashTheParser() {
        let seed = Array("<a b=\"c\"><d>e&amp;f</d><![CDATA[g]]><!--h--></a>".utf8)
        for _ in 0..<5000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4) {
                bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255)
            }
            _ = XMLElement.parse(Array(bytes.prefix(Int.random(in: 0...bytes.count))))
        }
    }

    @Test func partsSufficeForTheLargestObject() {
        var sizes = PartSizes(base: 8 << 20, length: nil)
        var total = 0
        for number in 1...PartSizes.usualLimit {
            let size = sizes.next()
            if number <= 1000 { #expect(size == 8 << 20) }
            #expect(size <= 5 << 30)
            total += size
        }
        #expect(total >= 5 << 40)
        for length: Int64 in [1, 8 << 20, 80 << 30, 5 << 40] {
            var known = PartSizes(base: 8 << 20, length: length)
            #expect(Int64(known.next()) * Int64(PartSizes.usualLimit) >= length)
        }
    }
}
