@testable import AWS
import CloudStorage
import Foundation
import HTTPTransport
import Testing

@testable import S3ObjectStore

/// The examples of "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference, and the first
/// of AWS's SigV4 test suite.
@Suite struct SignatureV4Tests {
    private let credentials = AWSCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    private let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private let host = "examplebucket.s3.amazonaws.com"

    private var signature: SignatureV4 {
        get throws {
            let date = try #require(ServiceDate.parseExtended("2013-05-24T00:00:00Z"))
            return SignatureV4(region: "us-east-1", service: "s3", date: date)
        }
    }

    @Test func getObjectWithRange() throws {
        let subject = SignatureV4.Subject(
            method: "GET", path: "/test.txt", query: [],
            headers: [
                "Host": host, "Range": "bytes=0-9", "x-amz-content-sha256": emptyHash,
                "x-amz-date": "20130524T000000Z",
            ], payloadHash: emptyHash)
        #expect(
            try signature.authorization(subject, credentials)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func putObject() throws {
        let hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        #expect(SHA256Hash.hex(Array("Welcome to Amazon S3.".utf8)) == hash)
        let path = "/" + PercentEncoding.encodePath("test$file.text")
        let subject = SignatureV4.Subject(
            method: "PUT", path: path, query: [],
            headers: [
                "Host": host, "Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-content-sha256": hash,
                "x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY",
            ], payloadHash: hash)
        try expect("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", subject)
    }

    @Test func getBucketLifecycle() throws {
        let subject = SignatureV4.Subject(
            method: "GET", path: "/", query: [("lifecycle", "")],
            headers: ["Host": host, "x-amz-content-sha256": emptyHash, "x-amz-date": "20130524T000000Z"],
            payloadHash: emptyHash)
        try expect("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", subject)
    }

    @Test func listObjects() throws {
        let subject = SignatureV4.Subject(
            method: "GET", path: "/", query: [("prefix", "J"), ("max-keys", "2")],
            headers: ["Host": host, "x-amz-content-sha256": emptyHash, "x-amz-date": "20130524T000000Z"],
            payloadHash: emptyHash)
        try expect("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", subject)
    }

    @Test func presignedGet() throws {
        let subject = SignatureV4.Subject(
            method: "GET", path: "/test.txt", query: [], headers: ["Host": host], payloadHash: "UNSIGNED-PAYLOAD")
        #expect(
            try signature.presignedQuery(subject, credentials, expiresIn: 86_400)
                == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test func vanillaGetOfTheTestSuite() throws {
        let date = try #require(ServiceDate.parseExtended("2015-08-30T12:36:00Z"))
        let subject = SignatureV4.Subject(
            method: "GET", path: "/", query: [],
            headers: ["Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z"], payloadHash: emptyHash)
        let credentials = AWSCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let value = SignatureV4(region: "us-east-1", service: "service", date: date)
            .authorization(subject, credentials)
        #expect(value.hasSuffix("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"))
    }

    private func expect(_ wanted: String, _ subject: SignatureV4.Subject) throws {
        let value = try signature.authorization(subject, credentials)
        #expect(value.hasSuffix("Signature=\(wanted)"))
    }
}
