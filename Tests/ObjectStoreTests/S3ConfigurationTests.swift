import AWS
import CloudStorage
import Foundation
import HTTPTransport
import Testing

@testable import S3ObjectStore

@Suite struct S3ConfigurationTests {
    @Test func velerosSettingsAreUnderstood() throws {
        let configuration = try S3Configuration(
            bucket: "b",
            settings: [
                "region": "minio", "s3ForcePathStyle": "true", "s3Url": "http://minio:9000",
                "publicUrl": "https://minio.example", "kmsKeyId": "k", "serverSideEncryption": "aws:kms",
                "profile": "p", "insecureSkipTLSVerify": "true", "checksumAlgorithm": "", "tagging": "a=b",
                "caCert": Data("-----BEGIN CERTIFICATE-----".utf8).base64EncodedString(),
            ])
        #expect(configuration.endpoint?.text == "http://minio:9000")
        #expect(configuration.publicEndpoint?.text == "https://minio.example")
        #expect(configuration.encryption == .kms(keyID: "k"))
        #expect(configuration.checksum == .none)
        #expect(configuration.tls.isInsecure)
        #expect(configuration.tls.certificateAuthority == .data(Array("-----BEGIN CERTIFICATE-----".utf8)))
    }

    /// Of several kinds of encryption under Velero's names the one counts that Velero takes.
    @Test func velerosPrecedenceOfEncryption() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/key"
        let key = Data((0..<32).map { UInt8($0) })
        // As an editor leaves it.
        try (key + Data("\n".utf8)).write(to: URL(fileURLWithPath: file))
        let all = ["kmsKeyId": "k", "customerKeyEncryptionFile": file, "serverSideEncryption": "AES256"]
        func encryption(_ names: String...) throws -> S3Configuration.ServerSideEncryption {
            try S3Configuration(bucket: "b", settings: all.filter { names.contains($0.key) }).encryption
        }
        let customer = S3Configuration.ServerSideEncryption.customerKey(SecretBytes(Array(key)))
        #expect(throws: SettingError.self) { try encryption("kmsKeyId", "customerKeyEncryptionFile") }
        #expect(try encryption("kmsKeyId", "serverSideEncryption") == .kms(keyID: "k"))
        #expect(try encryption("customerKeyEncryptionFile", "serverSideEncryption") == customer)
        #expect(try encryption("serverSideEncryption") == .aes256)
        // What is absent for Velero is absent here.
        let empty = try S3Configuration(
            bucket: "b",
            settings: [
                "kmsKeyId": "", "customerKeyEncryptionFile": "", "serverSideEncryption": "AES256",
                "signatureVersion": "",
            ])
        #expect(empty.encryption == .aes256)
        // Under our names it is a contradiction.
        for settings in [["kms-key-id": "k", "sse": "AES256"], ["sse-c-key-file": file, "sse": "AES256"]] {
            #expect(throws: SettingError.self) { try S3Configuration(bucket: "b", settings: settings) }
        }
        // Velero takes the first 32 bytes as they are, also of base64, which would be another key.
        let text = Data(key.base64EncodedString().utf8)
        try text.write(to: URL(fileURLWithPath: file))
        #expect(try encryption("customerKeyEncryptionFile") == .customerKey(SecretBytes(Array(text.prefix(32)))))
        try key.dropLast().write(to: URL(fileURLWithPath: file))
        #expect(throws: SettingError.self) { try encryption("customerKeyEncryptionFile") }
    }

    @Test(arguments: [
        ("regoin", "eu"), ("path-style", "perhaps"), ("sse", "rot13"), ("part-size", "1MiB"), ("concurrency", "0"),
        ("checksum", "md5"), ("endpoint", "ftp://x"), ("endpoint", "http://user:pw@x"), ("ca-data", "nonsense"),
        ("object-lock", "maybe"), ("sse-c-key-file", "/does/not/exist"),
    ]) func faultsNameTheSetting(key: String, value: String) throws {
        do {
            _ = try S3Configuration(bucket: "b", settings: [key: value])
            Issue.record("\(key)=\(value) is taken")
        } catch {
            #expect(error.key == key)
        }
    }

    @Test func customerKeysArePrivate() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/key"
        let key = Data((0..<32).map { UInt8($0) })
        for content in [key, Data((key.base64EncodedString() + "\n").utf8)] {
            try content.write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            let configuration = try S3Configuration(bucket: "b", settings: ["sse-c-key-file": file])
            #expect(configuration.encryption == .customerKey(SecretBytes(Array(key))))
            var dumped = ""
            dump(configuration, to: &dumped)
            #expect(!"\(configuration)\(dumped)".contains("30"))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        #expect(throws: SettingError.self) {
            try S3Configuration(bucket: "b", settings: ["sse-c-key-file": file])
        }
        _ = try S3Configuration(bucket: "b", settings: ["customerKeyEncryptionFile": file])
    }

    @Test func customerKeysAreNotSentInTheClear() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/key"
        try Data((0..<32).map { UInt8($0) }).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        for (endpoint, isTaken) in [
            ("https://minio:9000", true), ("http://127.0.0.1:9000", true), ("http://localhost", true),
            ("http://[::1]:9000", true), ("http://minio:9000", false), ("http://10.0.0.1", false),
            ("http://127.example.com", false),
        ] {
            let settings = ["endpoint": endpoint, "sse-c-key-file": file]
            let configuration = try? S3Configuration(bucket: "b", settings: settings)
            #expect((configuration != nil) == isTaken, "\(endpoint)")
        }
        // Without an endpoint it is AWS, by TLS.
        _ = try S3Configuration(bucket: "b", settings: ["sse-c-key-file": file])
    }

    @Test func bucketsAreInTheHostOrInThePath() throws {
        func address(_ bucket: String, _ settings: [String: String]) throws -> String {
            let configuration = try S3Configuration(bucket: bucket, settings: settings)
            let endpoint = configuration.endpoint ?? .s3(region: configuration.region)
            let place = endpoint.location(
                bucket: bucket, key: "a b/c", pathStyle: configuration.usesPathStyle(endpoint))
            return "\(place.authority)\(place.path)"
        }
        #expect(try address("b", ["region": "eu-west-1"]) == "b.s3.eu-west-1.amazonaws.com/a%20b/c")
        #expect(try address("b.c", [:]) == "s3.us-east-1.amazonaws.com/b.c/a%20b/c")
        #expect(try address("b", ["path-style": "true"]) == "s3.us-east-1.amazonaws.com/b/a%20b/c")
        #expect(try address("b", ["region": "cn-north-1"]) == "b.s3.cn-north-1.amazonaws.com.cn/a%20b/c")
        #expect(try address("b", ["endpoint": "http://h:80/s3/"]) == "h/s3/b/a%20b/c")
        #expect(try address("b", ["endpoint": "https://h:9000", "path-style": "false"]) == "b.h:9000/a%20b/c")
        #expect(
            try address("b", ["endpoint": "https://127.0.0.1:9000", "path-style": "false"])
                == "127.0.0.1:9000/b/a%20b/c")
        #expect(try address("b", ["endpoint": "https://[::1]:9000", "path-style": "false"]) == "[::1]:9000/b/a%20b/c")
    }

    @Test func endpointsOfAWS() throws {
        #expect(ServiceAddress.s3(region: "us-west-2", isFIPS: true).text == "https://s3-fips.us-west-2.amazonaws.com")
        #expect(
            ServiceAddress.s3(region: "eu-west-1", isDualStack: true).text
                == "https://s3.dualstack.eu-west-1.amazonaws.com")
        #expect(
            ServiceAddress.s3(region: "us-gov-west-1", isFIPS: true, isDualStack: true).text
                == "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com")
        let configuration = try S3Configuration(bucket: "b", settings: ["fips": "true", "dual-stack": "true"])
        #expect(configuration.usesFIPS && configuration.usesDualStack)
        for name in ["fips", "dual-stack"] {
            let error = #expect(throws: SettingError.self) {
                try S3Configuration(bucket: "b", settings: [name: "true", "endpoint": "https://other"])
            }
            #expect(error?.key == name)
        }
    }
}
