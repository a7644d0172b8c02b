@testable import AWS
import CloudStorage
import GodwitModel
import HTTPTransport

@testable import S3ObjectStore

// Formats that many others are made of.
extension Harness {
    static let formats = [
        Harness(
            name: "json", maximumLength: 1024,
            seeds: { [Array("{\"a\": [1, -2.50e+10, \"\\u00e9\\n\\ud83d\\ude00\", true, null, {}]}".utf8)] },
            run: readJSON),
        Harness(name: "s3-answer", seeds: { [listing, failure].map { Array($0.utf8) } }, run: readAnswer),
        Harness(
            name: "aws-credentials", maximumLength: 512, seeds: { [Array(credentials.utf8)] }, run: readCredentials),
    ]

    private static func readJSON(_ bytes: [UInt8]) throws {
        guard let value = try accepting(JSONError.self, { try JSONValue(parsing: bytes) }) else { return }
        let text = value.serialized()
        let again = try JSONValue(parsing: text)
        try require(again == value, "a value changes when it is written again")
        try require(again.serialized() == text, "a value is written in two ways")
        try require(try JSONValue(parsing: value.prettyPrinted()) == value, "a value changes when it is printed")
    }

    private static let listing = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>true</IsTruncated>\
        <EncodingType>url</EncodingType><NextContinuationToken>t</NextContinuationToken><!-- c -->\
        <Contents><Key>a%2Bb</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&#x41;&quot;</ETag>\
        <Size>12</Size></Contents><CommonPrefixes><Prefix><![CDATA[p/]]></Prefix></CommonPrefixes></ListBucketResult>
        """
    private static let failure = """
        <Error><Code>SlowDown</Code><Message>wait</Message><Region>eu</Region><RequestId>r</RequestId></Error>
        """

    private static func readAnswer(_ bytes: [UInt8]) throws {
        let failure = S3Failure(status: 400 + bytes.count % 200, headers: HTTPHeaders(), body: bytes)
        _ = failure.error(StoreRequest("GET", "list", subject: "a"), store: "s").description
        guard let document = XMLElement.parse(bytes) else { return }
        for entry in document.all("Contents") {
            _ = entry.text("Key").flatMap(PercentEncoding.decodeListed)
            _ = entry.text("LastModified").flatMap(ServiceDate.parseExtended)
        }
        // Text comes back whatever is in it, but for control characters, which XML has not.
        let text = document.text
        if !text.unicodeScalars.contains(where: { $0.value < 0x20 && !"\t\n\r".unicodeScalars.contains($0) }) {
            let again = XMLElement.parse(Array("<a>\(XMLElement.escape(text))</a>".utf8))
            try require(again?.text == text, "text changes when it is written again")
        }
    }

    private static let credentials = """
        {"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-01-02T03:04:05Z"}
        """

    private static func readCredentials(_ bytes: [UInt8]) throws {
        do {
            _ = try CredentialsDocument.parse(bytes, from: "program", mustHaveVersion: true)
        } catch let error as CredentialsError {
            try require(!"\(error)".utf8.contains(0), "\(error)")
        }
    }
}
