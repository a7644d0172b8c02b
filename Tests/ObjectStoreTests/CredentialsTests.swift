@testable import AWS
import CloudStorage
import Foundation
import GodwitPluginAPI
import HTTPTransport
import ProgramTestKit
import Synchronization
import Testing

@testable import S3ObjectStore

@Suite struct CredentialsTests {
    private let directory: TemporaryDirectory
    private let http: CurlClient

    init() throws {
        directory = try TemporaryDirectory()
        var configuration = HTTPConfiguration()
        configuration.proxy = ProxyConfiguration.none
        http = try CurlClient(configuration: configuration)
    }

    private func chain(
        _ environment: [String: String], credentials: String? = nil, config: String? = nil, profile: String? = nil
    ) throws -> CredentialsChain {
        var environment = environment
        environment["HOME"] = directory.path
        environment["AWS_EC2_METADATA_DISABLED"] = environment["AWS_EC2_METADATA_DISABLED"] ?? "true"
        try FileManager.default.createDirectory(
            atPath: directory.path + "/.aws", withIntermediateDirectories: true)
        try credentials?.write(toFile: directory.path + "/.aws/credentials", atomically: true, encoding: .utf8)
        try config?.write(toFile: directory.path + "/.aws/config", atomically: true, encoding: .utf8)
        let choice = CredentialsChoice(region: "us-east-1", profile: profile)
        return CredentialsChain(choice, http: http, metadataHTTP: http, environment: environment)
    }

    private func expectFailure(_ chain: CredentialsChain, _ words: String...) async {
        do {
            let found = try await chain.credentials()
            Issue.record("there are \(found)")
        } catch {
            for word in words { #expect("\(error)".contains(word), "\(error)") }
        }
    }

    private let files = """
        # a comment
        [default]
        aws_access_key_id = FILE
        aws_secret_access_key = secret/with=equals
        [other]
        aws_access_key_id=OTHER
        aws_secret_access_key=s   # trailing
        aws_session_token = t
        """

    @Test func environmentGoesFirst() async throws {
        let environment = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"]
        let found = try await chain(environment, credentials: files).credentials()
        #expect(found == AWSCredentials(accessKeyID: "ENV", secretAccessKey: "s", sessionToken: "t"))
        #expect(try await chain(environment, credentials: files, profile: "other").credentials().accessKeyID == "OTHER")
        #expect(!"\(found)\(String(reflecting: found))".contains("secret"))
    }

    @Test func filesAndProfiles() async throws {
        let found = try await chain([:], credentials: files).credentials()
        #expect(found.accessKeyID == "FILE" && found.secretAccessKey == "secret/with=equals")
        let other = try await chain(["AWS_PROFILE": "other"], credentials: files).credentials()
        #expect(other == AWSCredentials(accessKeyID: "OTHER", secretAccessKey: "s", sessionToken: "t"))
        await expectFailure(try chain([:], credentials: files, profile: "nope"), "nope")
        await expectFailure(try chain(["AWS_ACCESS_KEY_ID": "ENV"]), "only one is set")
    }

    /// A file that somebody indented is read as AWS's programs read it; only what is below a setting without a value is
    /// nested, and says nothing of credentials.
    @Test func indentedFiles() async throws {
        let indented = files.split(separator: "\n").map { "  \t\($0)\n" }.joined()
        let found = try await chain([:], credentials: indented).credentials()
        #expect(found.accessKeyID == "FILE" && found.secretAccessKey == "secret/with=equals")
        let nested = """
            [default]
            s3 = # as the command line has it
              aws_access_key_id = NESTED
              addressing_style = path
            aws_access_key_id = OWN
              aws_secret_access_key = s
            [other]
              aws_access_key_id = OTHER
            aws_secret_access_key =
              aws_secret_access_key = nested
            """
        let own = try await chain([:], credentials: nested).credentials()
        #expect(own == AWSCredentials(accessKeyID: "OWN", secretAccessKey: "s"))
    }

    @Test func nothingIsFound() async throws {
        await expectFailure(try chain([:]), "no credentials found", "AWS_ACCESS_KEY_ID", "metadata")
    }

    @Test func faultyFiles() async throws {
        await expectFailure(try chain([:], credentials: "aws_access_key_id = X"), "before the first section")
        await expectFailure(try chain([:], credentials: "[default\nx=y"), "line 1")
        await expectFailure(
            try chain(
                [:], credentials: "",
                config: "[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a",
                profile: "a"),
            "circle")
        await expectFailure(
            try chain([:], credentials: "", config: "[profile a]\nsso_session=x", profile: "a"), "not supported")
        await expectFailure(
            try chain(
                [:], credentials: "", config: "[profile a]\nrole_arn=r\nmfa_serial=x\nsource_profile=a", profile: "a"),
            "factor")
    }

    @Test func credentialProcess() async throws {
        let good =
            #"printf '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s","Expiration":"2099-01-01T00:00:00Z"}'"#
        let found = try await chain([:], config: "[default]\ncredential_process = \(good)").credentials()
        #expect(found.accessKeyID == "P" && found.expiration != nil)
        // As `aws configure export-credentials` prints it.
        let exported = good.replacing("00:00:00Z", with: "00:00:00.189000+00:00")
        let end = try await chain([:], config: "[default]\ncredential_process = \(exported)").credentials().expiration
        #expect(abs(try #require(end).timeIntervalSince1970 - 4_070_908_800.189) < 0.001)
        await expectFailure(try chain([:], config: "[default]\ncredential_process = exit 3"), "status 3")
        await expectFailure(try chain([:], config: "[default]\ncredential_process = echo secret-text"), "JSON")
    }

    @Test(.enabled(if: S3Server.areThere, "needs the testbed")) func rolesOfSTS() async throws {
        let endpoint = S3Server.moto.value("ENDPOINT") ?? ""
        let environment = ["AWS_ENDPOINT_URL_STS": endpoint]
        let config = """
            [profile role]
            role_arn = arn:aws:iam::123456789012:role/backup
            source_profile = default
            external_id = x
            """
        let found = try await chain(environment, credentials: files, config: config, profile: "role").credentials()
        #expect(found.sessionToken != nil && found.expiration != nil && found.accessKeyID != "FILE")
        let token = directory.path + "/token"
        try "a.web.token\n".write(toFile: token, atomically: true, encoding: .utf8)
        let web = environment.merging([
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/backup",
        ]) { $1 }
        #expect(try await chain(web, credentials: "", config: "").credentials().sessionToken != nil)
    }

    @Test func containers() async throws {
        let body = #"{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#
        let server = try TableServer(["GET /creds": (200, body), "GET /broken": (500, "")])
        let token = directory.path + "/token"
        try "the-token\n".write(toFile: token, atomically: true, encoding: .utf8)
        var environment = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.server.url + "/creds",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
        ]
        let found = try await chain(environment).credentials()
        #expect(found.accessKeyID == "C" && found.sessionToken == "t")
        #expect(server.heads.first?.contains("Authorization: the-token\r\n") == true)
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.server.url + "/broken"
        await expectFailure(try chain(environment), "500")
        for bad in ["http://example.com/x", "http://127.0.0.1@example.com/", "http://127.evil.example/"] {
            environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = bad
            await expectFailure(try chain(environment), "neither https nor")
        }
    }

    @Test func instances() async throws {
        let base = "/latest/meta-data/iam/security-credentials/"
        let body =
            #"{"Code":"Success","AccessKeyId":"I","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#
        let server = try TableServer([
            "PUT /latest/api/token": (200, "imds-token"), "GET \(base)": (200, "the role"),
            "GET \(base)the%20role": (200, body),
        ])
        let environment = [
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.server.url + "/",
        ]
        #expect(try await chain(environment).credentials().accessKeyID == "I")
        #expect(server.heads.count == 3)
        #expect(server.heads[1].lowercased().contains("x-aws-ec2-metadata-token: imds-token\r\n"))
        let none = try TableServer([:])
        await expectFailure(
            try chain(environment.merging(["AWS_EC2_METADATA_SERVICE_ENDPOINT": none.server.url]) { $1 }),
            "no credentials found")
    }

    /// What fails for a moment is another's turn a moment later; what was refused is not.
    @Test(arguments: [(500, true), (503, true), (429, true), (408, true), (403, false), (404, false)])
    func servicesThatFailForAMoment(status: Int, isPassing: Bool) async throws {
        let base = "/latest/meta-data/iam/security-credentials/"
        let server = try TableServer([
            "GET /creds": (status, ""), "POST /": (status, ""), "PUT /latest/api/token": (200, "t"),
            "GET \(base)": (status, ""),
        ])
        let token = directory.path + "/token"
        try "a.web.token".write(toFile: token, atomically: true, encoding: .utf8)
        let places = [
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.server.url + "/creds"],
            [
                "AWS_ENDPOINT_URL_STS": server.server.url, "AWS_WEB_IDENTITY_TOKEN_FILE": token,
                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/backup",
            ],
            ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.server.url],
        ]
        for environment in places {
            let store = S3ObjectStore(
                try S3Configuration(bucket: "b", settings: ["endpoint": "http://127.0.0.1:1"]),
                credentials: try chain(environment), http: http)
            await expectError(isPassing ? .unavailable : .unauthenticated) { _ = try await store.stat("a") }
        }
    }

    /// An answer without end is an error of the store, as all others.
    @Test func answersThatAreTooLong() async throws {
        let long = String(repeating: "x", count: 300_000)
        let server = try TableServer([
            "GET /creds": (200, long), "POST /": (200, long), "PUT /latest/api/token": (200, long),
        ])
        let token = directory.path + "/token"
        try "a.web.token".write(toFile: token, atomically: true, encoding: .utf8)
        let places = [
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.server.url + "/creds"],
            [
                "AWS_ENDPOINT_URL_STS": server.server.url, "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn",
            ],
            ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.server.url],
        ]
        for environment in places {
            let store = S3ObjectStore(
                try S3Configuration(bucket: "b", settings: ["endpoint": "http://127.0.0.1:1"]),
                credentials: try chain(environment), http: http)
            await expectError(.unauthenticated) { _ = try await store.stat("a") }
        }
    }

    /// Each partition has a domain of its own, and GovCloud's STS no other name for FIPS 140.
    @Test(arguments: [
        ("eu-central-1", false, "sts.eu-central-1.amazonaws.com"),
        ("us-east-2", true, "sts-fips.us-east-2.amazonaws.com"),
        ("us-gov-west-1", false, "sts.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", true, "sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", false, "sts.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", false, "sts.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", false, "sts.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", false, "sts.us-isob-east-1.sc2s.sgov.gov"),
        ("us-isof-south-1", false, "sts.us-isof-south-1.csp.hci.ic.gov"),
        ("eu-isoe-west-1", false, "sts.eu-isoe-west-1.cloud.adc-e.uk"),
    ]) func partitions(region: String, isFIPS: Bool, host: String) async throws {
        let recorder = RecordingClient(AnsweringClient { _ in .answer(403) })
        let service = SecurityTokenService(http: recorder, region: region, endpoint: nil, usesFIPS: isFIPS)
        await #expect(throws: CredentialsError.self) {
            try await service.assume(
                AssumeRole(role: "r", session: "s"), with: AWSCredentials(accessKeyID: "A", secretAccessKey: "S"))
        }
        #expect(recorder.requests.map(\.url) == ["https://\(host)/"])
        #expect(ServiceAddress.s3(region: region).authority == "s3." + host.dropFirst(host.hasPrefix("sts-") ? 9 : 4))
    }

    @Test func credentialsAreKeptAndRenewed() async throws {
        let source = CountingSource()
        let clock = Mutex(Date(timeIntervalSince1970: 0))
        let chain = CredentialsChain([source], now: { clock.withLock { $0 } })
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<50 { group.addTask { try? await chain.credentials().accessKeyID } }
            for await id in group { #expect(id == "1") }
        }
        #expect(source.count == 1)
        clock.withLock { $0 = Date(timeIntervalSince1970: 3600 - 200) }
        #expect(try await chain.credentials().accessKeyID == "2")
        // What cannot be renewed is used to its end.
        source.fail()
        clock.withLock { $0 = Date(timeIntervalSince1970: 7200 - 200) }
        #expect(try await chain.credentials().accessKeyID == "2")
        clock.withLock { $0 = Date(timeIntervalSince1970: 7200) }
        await #expect(throws: CredentialsError.self) { try await chain.credentials() }
    }
}

private final class CountingSource: CredentialsSource {
    let name = "a test"
    private let state = Mutex((count: 0, fails: false))

    var count: Int { state.withLock { $0.count } }

    func fail() { state.withLock { $0.fails = true } }

    func load() async throws -> AWSCredentials? {
        try await Task.sleep(for: .milliseconds(20))
        return try state.withLock { state in
            if state.fails { throw CredentialsError("as the test asked") }
            state.count += 1
            return AWSCredentials(
                accessKeyID: "\(state.count)", secretAccessKey: "s",
                expiration: Date(timeIntervalSince1970: Double(3600 * state.count)))
        }
    }
}
