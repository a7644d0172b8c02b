import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import ProgramTestKit
import Streams
import Testing

@testable import CloudStorage
@testable import GCSObjectStore

/// Each way to prove who asks, against token services that look closely, and each way it is refused.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct GCSCredentialsTests {
    private func value(_ name: String) throws -> String { try #require(Cloud.gcs.value(name)) }

    private func file(_ name: String) throws -> [String: String] {
        ["GOOGLE_APPLICATION_CREDENTIALS": "\(try value("CREDENTIALS"))/\(name).json"]
    }

    /// A file like one of the testbed's, with some fields changed; nil takes one away.
    private func changed(_ name: String, _ fields: [String: Any?], in workspace: Workspace) throws -> [String: String] {
        let path = "\(try value("CREDENTIALS"))/\(name).json"
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        var document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for (key, value) in fields { document[key] = value }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        return ["GOOGLE_APPLICATION_CREDENTIALS": try workspace.write(text, to: "\(UUID().uuidString).json")]
    }

    private func expectWork(_ environment: [String: String], _ settings: [String: String] = [:]) async throws {
        let store = try Cloud.gcs.store(settings, environment: environment)
        let key = S3Server.prefix("who") + "a b"
        try await store.put(key, .bytes([1, 2, 3]), options: PutOptions(ifAbsent: true))
        #expect(try await store.get(key, range: nil).body.collect(upTo: 9) == [1, 2, 3])
        try await store.delete([key])
    }

    private func expectRefusal(
        _ environment: [String: String], _ settings: [String: String] = [:], _ words: String...
    ) async {
        do {
            let store = try Cloud.gcs.store(settings, environment: environment)
            _ = try await store.list(ListRequest(prefix: ""))
            Issue.record("no error where \(words) was expected")
        } catch {
            for word in words { #expect("\(error)".contains(word), "\(error)") }
        }
    }

    @Test(arguments: ["admin", "user", "external-file", "external-url"])
    func files(name: String) async throws { try await expectWork(file(name)) }

    @Test func theLocationsOwnFile() async throws {
        let path = "\(try value("CREDENTIALS"))/admin.json"
        try await expectWork(["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"], ["credentials-file": path])
        let workspace = try Workspace()
        let folder = try workspace.makeFolder("home/.config/gcloud")
        try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/application_default_credentials.json")
        try await expectWork(["HOME": workspace.path("home")])
    }

    @Test func theMetadataServer() async throws {
        let host = try value("METADATA_HOST")
        try await expectWork(["GCE_METADATA_HOST": host, "HOME": "/nowhere"])
        await expectRefusal(
            ["GCE_METADATA_HOST": "127.0.0.1:1", "HOME": "/nowhere"], [:], "no credentials found",
            "GOOGLE_APPLICATION_CREDENTIALS is not set")
        // Something else answers at that name.
        let other = try TableServer(["GET /computeMetadata/v1/instance/service-accounts/default/token": (200, "{}")])
        await expectRefusal(
            ["GCE_METADATA_HOST": "127.0.0.1:\(other.server.port)", "HOME": "/nowhere"], [:],
            "is not Google's metadata server")
    }

    @Test func impersonation() async throws {
        let workspace = try Workspace()
        let inner = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: "\(try value("CREDENTIALS"))/user.json")))
        let url =
            "\(try value("ENDPOINT"))/v1/projects/-/serviceAccounts/admin@godwit.iam.gserviceaccount.com:generateAccessToken"
        let document: [String: Any] = [
            "type": "impersonated_service_account", "source_credentials": inner,
            "service_account_impersonation_url": url,
        ]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        try await expectWork(["GOOGLE_APPLICATION_CREDENTIALS": try workspace.write(text, to: "i.json")])
    }

    /// What a file says beside the account and the audience is passed on.
    @Test func delegatesAndWorkforcePools() async throws {
        let workspace = try Workspace()
        let token = try workspace.write("subject", to: "token")
        let pool = "//iam.googleapis.com/locations/global/workforcePools/p/providers/q"
        func external(_ audience: String) -> [String: Any] {
            [
                "type": "external_account", "audience": audience, "credential_source": ["file": token],
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "workforce_pool_user_project": "charged",
            ]
        }
        let recorder = RecordingClient(
            AnsweringClient { request in
                request.url.hasPrefix("https://sts.")
                    ? .answer(200, [:], #"{"access_token":"first","expires_in":3600}"#)
                    : .answer(200, [:], #"{"accessToken":"second","expireTime":"2099-01-01T00:00:00Z"}"#)
            })
        func store(_ document: [String: Any]) throws -> GCSObjectStore {
            let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
            let path = try workspace.write(text, to: "\(UUID().uuidString).json")
            return try GCSObjectStore(
                try GCSConfiguration(bucket: "b", settings: ["credentials-file": path]), environment: [:]
            ) { _ in recorder }
        }
        let delegates = ["projects/-/serviceAccounts/one", "projects/-/serviceAccounts/two"]
        let impersonated: [String: Any] = [
            "type": "impersonated_service_account", "source_credentials": external(pool), "delegates": delegates,
            "service_account_impersonation_url":
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/three:generateAccessToken",
        ]
        #expect(try await store(impersonated).connection.currentToken()?.value == "second")
        let bodies = recorder.requests.map { request in
            if case .bytes(let bytes) = request.body { String(decoding: bytes, as: UTF8.self) } else { "" }
        }
        #expect(bodies.count == 2)
        let options = bodies.first?.split(separator: "&").first { $0.hasPrefix("options=") }
        #expect(options?.dropFirst(8).removingPercentEncoding == #"{"userProject":"charged"}"#)
        let question = try JSONValue(parsing: Array((bodies.last ?? "").utf8))
        #expect(question["delegates"]?.array?.compactMap(\.string) == delegates)
        #expect(throws: CredentialsError.self) { try store(external("//iam.googleapis.com/projects/1/x")) }
        #expect(throws: CredentialsError.self) {
            try store(impersonated.merging(["delegates": ["a", 1]]) { _, new in new })
        }
    }

    @Test func filesThatAreRefused() async throws {
        let workspace = try Workspace()
        await expectRefusal(["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"], [:], "'/nowhere' cannot be read")
        let text = try workspace.write("secret", to: "text")
        await expectRefusal(["GOOGLE_APPLICATION_CREDENTIALS": text], [:], "is not JSON")
        let foreign = ["universe_domain": "apis-tpclp.example"]
        await expectRefusal(
            try changed("admin", foreign, in: workspace), [:], "universe 'apis-tpclp.example'", "not supported")
        try await expectWork(
            try changed("admin", ["universe_domain": "googleapis.com"], in: workspace),
            ["universeDomain": "googleapis.com"])
        await expectRefusal(try file("admin"), ["universeDomain": "apis-tpclp.example"], "'universeDomain'")
        await expectRefusal(try changed("admin", ["type": "magic"], in: workspace), [:], "is of type 'magic'")
        await expectRefusal(try changed("admin", ["client_email": nil], in: workspace), [:], "has no 'client_email'")
        await expectRefusal(try changed("admin", ["private_key": "x"], in: workspace), [:], "no RSA private key in PEM")
        await expectRefusal(
            try changed("admin", ["token_uri": "http://tokens.example/"], in: workspace), [:], "no https address")
        await expectRefusal(
            try changed("external-file", ["credential_source": ["executable": ["command": "x"]]], in: workspace), [:],
            "only tokens in a file or at a URL")
        await expectRefusal(
            try changed("external-file", ["credential_source": ["file": "/nowhere"]], in: workspace), [:],
            "'/nowhere' cannot be read")
        await expectRefusal(try changed("admin", ["private_key_id": "other"], in: workspace), [:], "invalid_grant")
        await expectRefusal(
            try changed("user", ["refresh_token": "old"], in: workspace), [:], "Token has been expired or revoked")
        await expectRefusal(try changed("external-file", ["audience": "//other"], in: workspace), [:], "invalid_grant")
        await expectRefusal(try file("expired"), [:], "authError: Invalid Credentials", "credentials missing, wrong")
        await expectRefusal(try file("nobody"), [:], "access denied", "storage.objects.list")
        await expectRefusal([:], ["auth": "none"], "Anonymous caller")
        await expectRefusal(try file("admin"), ["endpoint": "http://storage.example"], "in the clear", "use https")
    }

    /// What fails for a moment may be asked again; what was refused may not.
    @Test(arguments: [(500, true), (503, true), (429, true), (400, false), (403, false)])
    func aTokenServiceThatFails(status: Int, isPassing: Bool) async throws {
        let account = "/computeMetadata/v1/instance/service-accounts/default"
        let server = try TableServer(["POST /token": (status, "{}"), "GET \(account)/token": (status, "")])
        let workspace = try Workspace()
        let places = [
            try changed("admin", ["token_uri": server.server.url + "/token"], in: workspace),
            ["GCE_METADATA_HOST": "127.0.0.1:\(server.server.port)", "HOME": "/nowhere"],
        ]
        for environment in places {
            let store = try Cloud.gcs.store(environment: environment)
            await expectError(isPassing ? .unavailable : .unauthenticated) { _ = try await store.stat("a") }
        }
    }

    @Test func whoMayOnlyRead() async throws {
        let store = try Cloud.gcs.store(environment: file("reader"))
        _ = try await store.list(ListRequest(prefix: ""))
        await expectError(.accessDenied) { try await store.put("a", .bytes([1]), options: PutOptions()) }
    }

    /// A token that was good and is not any more is renewed, once, without anybody noticing.
    @Test func tokensThatAreRevoked() async throws {
        let client = TokenWatch(try Cloud.sharedClient.get())
        let store = try Cloud.gcs.store(client: client)
        for _ in 0..<3 {
            _ = try await store.list(ListRequest(prefix: "none/"))
            try await Cloud.gcs.revokeToken(of: client)
        }
        #expect(client.count == 3)
    }

    /// Without a key at hand IAM signs: for the machine's account, for the one impersonated, for the one that is named.
    @Test(arguments: [
        ("admin", nil), ("external-file", nil), ("user", "admin@godwit.iam.gserviceaccount.com"), ("machine", nil),
    ]) func signedURLs(name: String, account: String?) async throws {
        let environment =
            name == "machine"
            ? ["GCE_METADATA_HOST": try value("METADATA_HOST"), "HOME": "/nowhere"] : try file(name)
        let http = try Cloud.sharedClient.get()
        var settings = ["endpoint": try value("ENDPOINT")]
        settings["serviceAccount"] = account
        let configuration = try GCSConfiguration(bucket: try value("BUCKET"), settings: settings)
        let service = TokenService(http)
        let credentials = try GoogleCredentials(
            configuration, environment: environment, service: service, local: service)
        let connection = GCSConnection(
            configuration, credentials: credentials, http: http, service: service, iamAddress: try value("ENDPOINT"))
        let key = S3Server.prefix("signed") + "ä b+c"
        let store = try Cloud.gcs.store()
        try await store.put(key, .bytes([1, 2]), options: PutOptions())
        let url = try #require(try await connection.signedURL(for: key, seconds: 60))
        let answer = try await S3Server.fetch(url)
        #expect(answer.status == 200 && answer.body == [1, 2], "\(url)")
        #expect(try await S3Server.fetch(url.replacing("Expires=60", with: "Expires=61")).status == 403)
        let old = try #require(
            try await connection.signedURL(for: key, seconds: 60, now: Date().addingTimeInterval(-120)))
        #expect(try await S3Server.fetch(old).status == 400)
        try await store.delete([key])
    }

    @Test func whoCannotSign() async throws {
        let store = try Cloud.gcs.store(environment: file("user"))
        #expect(!store.capabilities.signedURLs)
        #expect(try await store.signedURL(for: "a", expiresIn: .seconds(60)) == nil)
    }
}
