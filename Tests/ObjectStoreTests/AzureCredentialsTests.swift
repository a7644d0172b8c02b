import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import ProgramTestKit
import Streams
import Testing

@testable import AzureObjectStore
@testable import CloudStorage

/// Each way to prove who asks, against an Entra ID that looks closely, and each way it is refused.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct AzureCredentialsTests {
    private func value(_ name: String) throws -> String { try #require(Cloud.azure.value(name)) }

    private func application(_ client: String, _ more: [String: String]) throws -> [String: String] {
        var all = [
            "AZURE_TENANT_ID": try value("TENANT"), "AZURE_CLIENT_ID": try value(client),
            "AZURE_AUTHORITY_HOST": try value("AUTHORITY"),
        ]
        all.merge(more) { $1 }
        return all
    }

    /// Writes, reads, signs and deletes.
    private func expectWork(_ environment: [String: String], _ settings: [String: String] = [:]) async throws {
        let store = try Cloud.azure.store(settings, environment: environment)
        let key = S3Server.prefix("who") + "a b"
        try await store.put(key, .bytes([1, 2, 3]), options: PutOptions(ifAbsent: true))
        #expect(try await store.get(key, range: nil).body.collect(upTo: 9) == [1, 2, 3])
        let url = try #require(try await store.signedURL(for: key, expiresIn: .seconds(60)))
        let answer = try await S3Server.fetch(url)
        #expect(answer.status == 200 && answer.body == [1, 2, 3])
        try await store.delete([key])
        #expect(try await S3Server.fetch(url).status == 404)
    }

    private func expectRefusal(
        _ environment: [String: String], _ settings: [String: String] = [:], _ words: String...
    ) async {
        do {
            let store = try Cloud.azure.store(settings, environment: environment)
            _ = try await store.list(ListRequest(prefix: ""))
            Issue.record("no error where \(words) was expected")
        } catch {
            for word in words { #expect("\(error)".contains(word), "\(error)") }
        }
    }

    @Test func accountKeys() async throws {
        let key = try value("KEY")
        for name in ["AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_KEY"] {
            try await expectWork([name: key])
        }
        try await expectWork(["MINE": key, "AZURE_STORAGE_KEY": "d3Jvbmc="], ["key-env": "MINE"])
        await expectRefusal(
            ["AZURE_STORAGE_KEY": "d3Jvbmc="], [:], "AuthenticationFailed", "credentials missing, wrong")
        await expectRefusal(
            ["AZURE_STORAGE_KEY": "not base64!"], [:], "the account key in AZURE_STORAGE_KEY is not base64")
        await expectRefusal([:], ["key-env": "MINE"], "MINE is not set in the environment")
    }

    @Test func credentialsFiles() async throws {
        let workspace = try Workspace()
        let path = try workspace.write(
            "# of Velero\nexport AZURE_STORAGE_ACCOUNT_ACCESS_KEY=\"\(try value("KEY"))\"\nAZURE_CLOUD_NAME=AzurePublicCloud\n",
            to: "credentials")
        try await expectWork([:], ["credentialsFile": path])
        try await expectWork(["AZURE_CREDENTIALS_FILE": path, "AZURE_STORAGE_SAS_TOKEN": "sig=no"])
        let half = try workspace.write("AZURE_CLOUD_NAME=AzurePublicCloud\n", to: "half")
        try await expectWork(Cloud.azure.environment, ["credentials-file": half])
        let bad = try workspace.write("secret-without-a-name\n", to: "bad")
        await expectRefusal([:], ["credentials-file": bad], "line 1: not like NAME=value")
        await expectRefusal([:], ["credentials-file": "/nowhere"], "'/nowhere' cannot be read")
        let cloud = try workspace.write("AZURE_CLOUD_NAME=Mars\n", to: "mars")
        await expectRefusal(Cloud.azure.environment, ["credentials-file": cloud], "'Mars', which is no known cloud")
    }

    @Test func sharedAccessSignatures() async throws {
        let key = try AzureAccountKey(try value("KEY"), from: "the testbed")
        let container = try value("CONTAINER")
        func sas(_ permissions: String, life: TimeInterval) throws -> String {
            let end = ServiceDate.extended(Date().addingTimeInterval(life))
            let fields = [
                permissions, "", end, "/blob/\(try value("ACCOUNT"))/\(container)", "", "", "", "2021-12-02", "c", "",
                "",
                "", "", "", "", "",
            ]
            let signature = SharedKeySignature.sign(fields.joined(separator: "\n"), key)
            return "?sv=2021-12-02&sr=c&sp=\(permissions)&se=\(end)&sig=\(PercentEncoding.encode(signature))"
        }
        let environment = ["AZURE_STORAGE_SAS_TOKEN": try sas("rcwdl", life: 600)]
        let store = try Cloud.azure.store(environment: environment)
        let name = S3Server.prefix("sas") + "a"
        try await store.put(name, .bytes([1]), options: PutOptions())
        #expect(try await store.list(ListRequest(prefix: name)).objects.count == 1)
        // It would give away all that it may itself.
        #expect(!store.capabilities.signedURLs)
        #expect(try await store.signedURL(for: name, expiresIn: .seconds(60)) == nil)
        try await store.delete([name])
        // It may not look at the container, so nothing is discarded, and that is no error.
        try await store.discardUnfinishedPuts(below: name)
        await expectRefusal(["AZURE_STORAGE_SAS_TOKEN": try sas("r", life: 600)], [:], "access denied")
        await expectRefusal(
            ["AZURE_STORAGE_SAS_TOKEN": try sas("rl", life: -60)], [:], "credentials missing, wrong or expired")
        await expectRefusal(["AZURE_STORAGE_SAS_TOKEN": "sp=r"], [:], "has no signature")
        await expectRefusal(
            environment, ["endpoint": "http://blobs.example/x"], "in the clear", "use https")
    }

    @Test func applications() async throws {
        try await expectWork(application("CLIENT", ["AZURE_CLIENT_SECRET": value("CLIENT_SECRET")]))
        try await expectWork(
            application("CLIENT_CERTIFICATE", ["AZURE_CLIENT_CERTIFICATE_PATH": value("CERTIFICATE")]))
        let pem = try String(contentsOfFile: value("CERTIFICATE"), encoding: .utf8)
        try await expectWork(application("CLIENT_CERTIFICATE", ["AZURE_CLIENT_CERTIFICATE": pem]))
        try await expectWork(
            application("CLIENT_FEDERATED", ["AZURE_FEDERATED_TOKEN_FILE": value("FEDERATED_TOKEN")]))
        // A key beside it is passed over where a token is asked for.
        try await expectWork(
            application("CLIENT", ["AZURE_CLIENT_SECRET": value("CLIENT_SECRET"), "AZURE_STORAGE_KEY": "d3Jvbmc="]),
            ["useAAD": "true"])
    }

    @Test func applicationsThatAreRefused() async throws {
        await expectRefusal(
            try application("CLIENT", ["AZURE_CLIENT_SECRET": "wrong"]), [:],
            "AADSTS7000215: Invalid client secret provided.",
            "credentials missing, wrong or expired")
        await expectRefusal(
            try application("CLIENT_CERTIFICATE", ["AZURE_CLIENT_SECRET": "wrong"]), [:], "client_assertion")
        await expectRefusal(
            try application("CLIENT_CERTIFICATE", ["AZURE_FEDERATED_TOKEN_FILE": value("FEDERATED_TOKEN")]), [:],
            "AADSTS700027")
        await expectRefusal(
            try application("CLIENT_FEDERATED", ["AZURE_FEDERATED_TOKEN_FILE": "/nowhere"]), [:],
            "'/nowhere' cannot be read")
        await expectRefusal(
            try application("TENANT", ["AZURE_CLIENT_SECRET": "x"]), [:], "AADSTS700016", "was not found")
        await expectRefusal(
            try application("CLIENT_EXPIRED", ["AZURE_CLIENT_SECRET": value("CLIENT_SECRET")]), [:],
            "InvalidAuthenticationInfo", "expired")
        await expectRefusal(
            try application("CLIENT", ["AZURE_CLIENT_SECRET": "x", "AZURE_AUTHORITY_HOST": "http://login.example"]),
            [:],
            "no https address")
        let workspace = try Workspace()
        let text = try workspace.write("no certificate", to: "text.pem")
        await expectRefusal(
            try application("CLIENT_CERTIFICATE", ["AZURE_CLIENT_CERTIFICATE_PATH": text]), [:], "no certificate in PEM"
        )
    }

    @Test func whoMayOnlyRead() async throws {
        let environment = try application("CLIENT_READER", ["AZURE_CLIENT_SECRET": value("CLIENT_SECRET")])
        let store = try Cloud.azure.store(environment: environment)
        _ = try await store.list(ListRequest(prefix: ""))
        await expectError(.accessDenied) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        await expectError(.accessDenied) { _ = try await store.signedURL(for: "a", expiresIn: .seconds(60)) }
    }

    @Test func managedIdentities() async throws {
        let machine = ["AZURE_POD_IDENTITY_AUTHORITY_HOST": try value("IDENTITY_HOST")]
        try await expectWork(machine)
        try await expectWork(machine, ["client-id": value("CLIENT_IDENTITY")])
        await expectRefusal(machine, ["client-id": "nobody"], "Identity not found")
        let service = [
            "IDENTITY_ENDPOINT": try value("IDENTITY_HOST") + "/msi/token",
            "IDENTITY_HEADER": try value("IDENTITY_HEADER"),
        ]
        try await expectWork(service)
        await expectRefusal(service.merging(["IDENTITY_HEADER": "wrong"]) { $1 }, [:], "answered 401")
        await expectRefusal(
            ["AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1"], [:], "no credentials found",
            "no managed identity answers")
    }

    /// An agent that names any file as its secret must not have it.
    @Test func anArcAgentThatLies() async throws {
        let server = try LocalServer { connection in
            _ = LocalServer.read(connection)
            let head = "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=/etc/shadow.key\r\nContent-Length: 0\r\n"
            _ = LocalServer.write(Array((head + "Connection: close\r\n\r\n").utf8), to: connection)
        }
        await expectRefusal(["IDENTITY_ENDPOINT": server.url], [:], "names a secret outside /var/opt/azcmagent/tokens/")
    }

    /// Who means an application does not get the machine's identity for half of its credentials.
    @Test func halfAnApplication() async throws {
        let machine = ["AZURE_POD_IDENTITY_AUTHORITY_HOST": try value("IDENTITY_HOST")]
        func environment(_ more: [String: String]) -> [String: String] { machine.merging(more) { $1 } }
        await expectRefusal(
            environment(["AZURE_CLIENT_SECRET": "x", "AZURE_CLIENT_ID": "y"]), [:],
            "AZURE_TENANT_ID is missing beside AZURE_CLIENT_SECRET; set it or tenant-id")
        await expectRefusal(
            environment(["AZURE_CLIENT_SECRET": "x", "AZURE_TENANT_ID": "y"]), [:],
            "AZURE_CLIENT_ID is missing beside AZURE_CLIENT_SECRET; set it or client-id")
        await expectRefusal(
            environment(["AZURE_CLIENT_CERTIFICATE_PATH": try value("CERTIFICATE"), "AZURE_CLIENT_ID": "y"]), [:],
            "AZURE_TENANT_ID is missing beside AZURE_CLIENT_CERTIFICATE")
        // A cluster sets the federated token for all; an identity of the machine may still be meant.
        try await expectWork(environment(["AZURE_FEDERATED_TOKEN_FILE": try value("FEDERATED_TOKEN")]))
    }

    /// A person's password is not passed over for the machine's identity.
    @Test func passwords() async throws {
        let machine = ["AZURE_POD_IDENTITY_AUTHORITY_HOST": try value("IDENTITY_HOST")]
        for name in ["AZURE_USERNAME", "AZURE_PASSWORD"] {
            await expectRefusal(machine.merging([name: "x"]) { $1 }, [:], "AZURE_USERNAME and AZURE_PASSWORD")
        }
        let workspace = try Workspace()
        let path = try workspace.write("AZURE_USERNAME=u\nAZURE_PASSWORD=p # his\n", to: "credentials")
        await expectRefusal(machine, ["credentials-file": path], "AZURE_USERNAME and AZURE_PASSWORD")
    }

    /// The certificates go with the assertion where they are asked for, the application's own first.
    @Test func chainsOfCertificates() async throws {
        let pem = try String(contentsOfFile: value("CERTIFICATE"), encoding: .utf8)
        let issuer = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n"
        for (sent, isSent) in [("true", true), ("1", true), ("false", false), ("", false)] {
            let recorder = RecordingClient(try Cloud.sharedClient.get())
            let environment = try application(
                "CLIENT_CERTIFICATE",
                ["AZURE_CLIENT_CERTIFICATE": pem + issuer, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": sent])
            let store = try Cloud.azure.store(environment: environment, client: recorder)
            _ = try await store.list(ListRequest(prefix: "nothing"))
            let request = try #require(recorder.requests.first { $0.url.contains("/oauth2/") })
            guard case .bytes(let form) = request.body else { throw Unexpected() }
            let assertion = try #require(
                String(decoding: form, as: UTF8.self).split(separator: "&").first { $0.hasPrefix("client_assertion=") })
            let head = assertion.dropFirst("client_assertion=".count).prefix { $0 != "." }
                .replacing("-", with: "+").replacing("_", with: "/")
            let padded = head + String(repeating: "=", count: (4 - head.count % 4) % 4)
            let header = try JSONValue(parsing: Array(try #require(Data(base64Encoded: String(padded)))))
            let chain = header["x5c"]?.array?.compactMap(\.string)
            #expect((chain?.count == 2 && chain?.last == "AAAABBBB") == isSent)
            #expect((chain == nil) != isSent)
        }
    }

    private struct Unexpected: Error {}

    /// The metadata service says so while it is brought up to date; a while later it answers.
    @Test(arguments: [(404, true), (410, true), (429, true), (500, true), (400, false), (403, false)])
    func aMetadataServiceThatFails(status: Int, isPassing: Bool) async throws {
        let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F"
        let server = try TableServer(["GET \(path)": (status, "")])
        let store = try Cloud.azure.store(environment: ["AZURE_POD_IDENTITY_AUTHORITY_HOST": server.server.url])
        await expectError(isPassing ? .unavailable : .unauthenticated) { _ = try await store.stat("a") }
        #expect(server.heads.count == 1)
    }

    @Test func keysOfTheResourceManager() async throws {
        let place = ["subscriptionId": try value("SUBSCRIPTION"), "resourceGroup": try value("GROUP")]
        let manager = ["AZURE_RESOURCE_MANAGER_ENDPOINT": try value("MANAGER")]
        func environment(_ client: String) throws -> [String: String] {
            try application(client, manager.merging(["AZURE_CLIENT_SECRET": value("CLIENT_SECRET")]) { $1 })
        }
        try await expectWork(environment("CLIENT"), place)
        await expectRefusal(try environment("CLIENT_READER"), place, "listKeys", "answered 403")
        await expectRefusal(
            try environment("CLIENT"), place.merging(["resourceGroup": "other"]) { $1 }, "answered 404")
        // A token for it is as good as a key.
        await expectRefusal(
            try environment("CLIENT").merging(["AZURE_RESOURCE_MANAGER_ENDPOINT": "http://arm.example"]) { $1 }, place,
            "'http://arm.example' is no https address")
    }

    /// A token that was good and is not any more is renewed, once, without anybody noticing.
    @Test func tokensThatAreRevoked() async throws {
        let client = TokenWatch(try Cloud.sharedClient.get())
        let store = try Cloud.azure.store(
            environment: application("CLIENT", ["AZURE_CLIENT_SECRET": value("CLIENT_SECRET")]), client: client)
        for _ in 0..<3 {
            _ = try await store.list(ListRequest(prefix: "none/"))
            try await Cloud.azure.revokeToken(of: client)
        }
        #expect(client.count == 3)
    }

    @Test func nothingSecretIsShown() throws {
        let key = try AzureAccountKey(try value("KEY"), from: "the testbed")
        let token = AccessToken("secret-token", expiration: nil)
        let rsa = try RSAKey(
            pem: Self.privateKey(in: String(contentsOfFile: value("CERTIFICATE"), encoding: .utf8)), name: "the testbed"
        )
        for text in [
            "\(key)", String(reflecting: key), "\(token)", String(reflecting: token), "\(rsa)", String(reflecting: rsa),
        ] {
            #expect(text.hasPrefix("(") && !text.contains("secret"), "\(text)")
        }
        var shown = ""
        dump(AzureAuthorization.sharedKey(key), to: &shown)
        #expect(!shown.contains(String(key.bytes[0])))
    }

    private static func privateKey(in pem: String) -> String {
        pem.firstRange(of: "-----BEGIN PRIVATE KEY").map { String(pem[$0.lowerBound...]) } ?? ""
    }
}
