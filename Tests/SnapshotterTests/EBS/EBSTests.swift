import CloudStorage
import AWS
@testable import EBSSnapshotter
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization
import Testing

@Suite(.enabled(if: MotoVolumes.isThere, "needs the testbed")) struct EBSTests {
    @Test(arguments: [
        ["VolumeType": "gp2"], ["VolumeType": "gp3", "Iops": "4000", "Throughput": "250"],
        ["VolumeType": "io1", "Iops": "200"], ["VolumeType": "io2", "Iops": "300"], ["VolumeType": "st1"],
        ["VolumeType": "io2", "Iops": "300", "MultiAttachEnabled": "true"],
    ])
    func kindAndSpeedAreKept(parameters: [String: String]) async throws {
        let moto = try MotoVolumes()
        let snapshotter = moto.snapshotter()
        let id = try await moto.make(parameters.map { ($0.key, $0.value) })
        let info = try await snapshotter.volumeInfo(id, zone: nil)
        #expect(info.type == parameters["VolumeType"])
        #expect(info.iops == parameters["Iops"].flatMap(Int64.init))
        let snapshot = try await snapshotter.createSnapshot(of: id, zone: nil, tags: [:])
        let copy = try await snapshotter.createVolume(from: snapshot, like: info, zone: MotoVolumes.zone)
        let found = try await moto.volume(copy)
        #expect(found.text("volumeType") == parameters["VolumeType"])
        #expect(found.text("availabilityZone") == MotoVolumes.zone)
        #expect(found.text("snapshotId") == snapshot)
        if let iops = parameters["Iops"] { #expect(found.text("iops") == iops) }
        if let throughput = parameters["Throughput"] { #expect(found.text("throughput") == throughput) }
        #expect((found.text("multiAttachEnabled") == "true") == (parameters["MultiAttachEnabled"] != nil))
        #expect(MotoVolumes.tags(found)[EBSTags.multiAttach] == nil)
        for volume in [id, copy] { try await moto.remove(volume) }
        try await snapshotter.deleteSnapshot(snapshot)
    }

    @Test func tagsOfTheVolumeGoWithItAndOwnershipIsTheNewClusters() async throws {
        let moto = try MotoVolumes()
        let tags = ["team": "shop", "kubernetes.io/cluster/old": "owned", "velero.io/backup": "older"]
        let id = try await moto.make([("VolumeType", "gp3")] + EBSTags.parameters(tags, resource: "volume"))
        let snapshotter = moto.snapshotter(clusterName: "new")
        let snapshot = try await snapshotter.createSnapshot(
            of: id, zone: nil, tags: ["velero.io/backup": "nightly", "velero.io/pv": "pv-1"])
        let onSnapshot = try await moto.tags(ofSnapshot: snapshot)
        #expect(onSnapshot["team"] == "shop")
        #expect(onSnapshot["velero.io/backup"] == "nightly")
        let copy = try await snapshotter.createVolume(
            from: snapshot, like: VolumeInfo(type: "gp3"), zone: MotoVolumes.zone)
        let onVolume = MotoVolumes.tags(try await moto.volume(copy))
        #expect(onVolume["team"] == "shop")
        #expect(onVolume["kubernetes.io/cluster/new"] == "owned")
        #expect(onVolume["kubernetes.io/cluster/old"] == nil)
        #expect(onVolume[EBSTags.mark] != onSnapshot[EBSTags.mark], "each request has its own")
        for volume in [id, copy] { try await moto.remove(volume) }
        try await snapshotter.deleteSnapshot(snapshot)
    }

    @Test func encryptionIsKeptOrChosen() async throws {
        let moto = try MotoVolumes()
        let id = try await moto.make([("VolumeType", "gp3"), ("Encrypted", "true")])
        let snapshot = try await moto.snapshotter().createSnapshot(of: id, zone: nil, tags: [:])
        let kept = try await moto.snapshotter().createVolume(
            from: snapshot, like: VolumeInfo(type: "gp3"), zone: MotoVolumes.zone)
        #expect(try await moto.volume(kept).text("encrypted") == "true")
        let plain = try await moto.make()
        let unencrypted = try await moto.snapshotter().createSnapshot(of: plain, zone: nil, tags: [:])
        let key = "arn:aws:kms:us-east-1:123456789012:key/chosen"
        let chosen = try await MotoVolumes(["kms-key-id": key]).snapshotter().createVolume(
            from: unencrypted, like: VolumeInfo(type: "gp3"), zone: MotoVolumes.zone)
        #expect(try await moto.volume(chosen).text("encrypted") == "true")
        #expect(try await moto.volume(chosen).text("kmsKeyId") == key)
        for volume in [id, kept, plain, chosen] { try await moto.remove(volume) }
        for snapshot in [snapshot, unencrypted] { try await moto.snapshotter().deleteSnapshot(snapshot) }
    }

    @Test func bothFormsOfVolumesAreRewritten() async throws {
        let snapshotter = try MotoVolumes().snapshotter()
        let tree = try MotoVolumes.persistentVolume("vol-0a", inTree: true)
        #expect(try await snapshotter.volumeID(of: tree) == "vol-0a")
        let changed = try await snapshotter.setVolumeID("vol-0b", of: tree)
        #expect(changed[path: "spec", "awsElasticBlockStore", "volumeID"] == "aws://us-east-1b/vol-0b")
        var bare = tree
        bare[path: "spec", "awsElasticBlockStore", "volumeID"] = "vol-0a"
        let rewritten = try await snapshotter.setVolumeID("vol-0c", of: bare)
        #expect(rewritten[path: "spec", "awsElasticBlockStore", "volumeID"] == "vol-0c")
        let csi = try await snapshotter.setVolumeID("vol-0d", of: try MotoVolumes.persistentVolume("vol-0a"))
        #expect(csi[path: "spec", "csi", "volumeHandle"] == "vol-0d")
        var odd = tree
        odd[path: "spec", "awsElasticBlockStore", "volumeID"] = "aws://us-east-1b/something"
        #expect(try await snapshotter.volumeID(of: odd) == nil)
    }

    @Test func aVolumeWithoutAZoneIsRefused() async throws {
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await MotoVolumes().snapshotter().createVolume(
                from: "snap-0a", like: VolumeInfo(type: "gp3"), zone: nil)
        }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.reason?.contains("zone") == true)
    }

    /// A server that does the work and loses the answer: one snapshot, not two.
    @Test func aSnapshotWhoseAnswerWasLostIsFound() async throws {
        let moto = try MotoVolumes()
        let id = try await moto.make()
        let http = ForgetfulClient(moto.connection.http, losing: ["CreateSnapshot": 2])
        let snapshotter = EBSSnapshotter(
            moto.connection.configuration, credentials: moto.connection.credentials, http: http,
            retry: moto.connection.retry)
        let snapshot = try await snapshotter.createSnapshot(of: id, zone: nil, tags: ["velero.io/backup": "b"])
        #expect(try await moto.snapshots(of: id) == [snapshot])
        try await snapshotter.deleteSnapshot(snapshot)
        try await moto.remove(id)
    }

    /// The last answer that is waited for may be lost too.
    @Test func aSnapshotWhoseLastAnswerWasLostIsFoundOrNamed() async throws {
        let moto = try MotoVolumes()
        let id = try await moto.make()
        func snapshotter(losing actions: Set<String>) -> EBSSnapshotter {
            EBSSnapshotter(
                moto.connection.configuration, credentials: moto.connection.credentials,
                http: ForgetfulClient(
                    moto.connection.http, losing: Dictionary(uniqueKeysWithValues: actions.map { ($0, .max) })),
                retry: RetryPolicy(attempts: 1, base: .milliseconds(5), cap: .milliseconds(5)))
        }
        let found = try await snapshotter(losing: ["CreateSnapshot"]).createSnapshot(of: id, zone: nil, tags: [:])
        #expect(try await moto.snapshots(of: id) == [found])
        try await moto.snapshotter().deleteSnapshot(found)
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await snapshotter(losing: ["CreateSnapshot", "DescribeSnapshots"])
                .createSnapshot(of: id, zone: nil, tags: [:])
        }
        let left = try #require(try await moto.snapshots(of: id).first)
        let mark = try #require(try await moto.tags(ofSnapshot: left)[EBSTags.mark])
        #expect(error?.reason?.contains("\(EBSTags.mark)=\(mark)") == true, "\(String(describing: error))")
        try await moto.snapshotter().deleteSnapshot(left)
        try await moto.remove(id)
    }

    /// A server that loses the answer and does not show at once what it made: the second snapshot does not stay.
    @Test(arguments: [1, 2]) func whatWasTakenTwiceIsRemoved(lost: Int) async throws {
        let moto = try MotoVolumes()
        let id = try await moto.make()
        // Another snapshot of the volume is somebody else's.
        let other = try await moto.snapshotter().createSnapshot(of: id, zone: nil, tags: [:])
        let http = ForgetfulClient(moto.connection.http, losing: ["CreateSnapshot": lost], blind: lost)
        let snapshotter = EBSSnapshotter(
            moto.connection.configuration, credentials: moto.connection.credentials, http: http,
            retry: moto.connection.retry)
        let snapshot = try await snapshotter.createSnapshot(of: id, zone: nil, tags: [:])
        #expect(http.count(of: "CreateSnapshot") == lost + 1)
        #expect(try await moto.snapshots(of: id) == [snapshot, other])
        for snapshot in [snapshot, other] { try await snapshotter.deleteSnapshot(snapshot) }
        try await moto.remove(id)
    }

    @Test func whatWasTakenTwiceAndCannotBeRemovedIsNamed() async throws {
        let moto = try MotoVolumes()
        let id = try await moto.make()
        let http = ForgetfulClient(
            moto.connection.http, losing: ["CreateSnapshot": 1, "DeleteSnapshot": .max], blind: 1)
        let snapshotter = EBSSnapshotter(
            moto.connection.configuration, credentials: moto.connection.credentials, http: http,
            retry: RetryPolicy(attempts: 2, base: .milliseconds(5), cap: .milliseconds(5)))
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await snapshotter.createSnapshot(of: id, zone: nil, tags: [:])
        }
        let words = "others that were taken of the same request have the tag \(EBSTags.mark)="
        #expect(error?.reason?.contains(words) == true, "\(String(describing: error))")
        try await moto.remove(id)
    }

    @Test func aVolumeWhoseLastAnswerWasLostIsFoundOrNamed() async throws {
        let moto = try MotoVolumes()
        let id = try await moto.make()
        let snapshot = try await moto.snapshotter().createSnapshot(of: id, zone: nil, tags: [:])
        func make(losing actions: Set<String>) async throws -> String {
            try await EBSSnapshotter(
                moto.connection.configuration, credentials: moto.connection.credentials,
                http: ForgetfulClient(
                    moto.connection.http, losing: Dictionary(uniqueKeysWithValues: actions.map { ($0, .max) })),
                retry: RetryPolicy(attempts: 1, base: .milliseconds(5), cap: .milliseconds(5))
            ).createVolume(from: snapshot, like: VolumeInfo(type: "gp3"), zone: MotoVolumes.zone)
        }
        let found = try await make(losing: ["CreateVolume"])
        #expect(try await moto.volumes(of: snapshot) == [found])
        try await moto.remove(found)
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await make(losing: ["CreateVolume", "DescribeVolumes"])
        }
        let left = try #require(try await moto.volumes(of: snapshot).first)
        let mark = try #require(MotoVolumes.tags(try await moto.volume(left))[EBSTags.mark])
        #expect(
            error?.reason?.contains("a volume that was made all the same has the tag \(EBSTags.mark)=\(mark)") == true,
            "\(String(describing: error))")
        for volume in [left, id] { try await moto.remove(volume) }
        try await moto.snapshotter().deleteSnapshot(snapshot)
    }

    /// A snapshot that never gets ready is given up, and does not stay.
    @Test func aSnapshotThatFailsIsRemoved() async throws {
        let moto = try MotoVolumes(["timeout": "1"])
        let id = try await moto.make()
        for status in ["error", "pending"] {
            let http = ForgetfulClient(moto.connection.http, replacing: ("completed", status))
            let snapshotter = EBSSnapshotter(
                moto.connection.configuration, credentials: moto.connection.credentials, http: http,
                retry: moto.connection.retry)
            let error = await #expect(throws: VolumeSnapshotError.self) {
                _ = try await snapshotter.createSnapshot(of: id, zone: nil, tags: [:])
            }
            #expect(error?.kind == (status == "error" ? .other(code: "error") : .unavailable))
            #expect(try await moto.snapshots(of: id) == [])
        }
        try await moto.remove(id)
    }

    @Test func nothingSecretIsInAnError() async throws {
        let moto = try MotoVolumes(["endpoint": "http://127.0.0.1:1"])
        let secret = try #require(MotoVolumes.value("SECRET_KEY"))
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await moto.snapshotter().volumeInfo("vol-0a", zone: nil)
        }
        #expect(error?.kind == .connection)
        #expect(error.map { "\($0) \($0.reason ?? "")" }?.contains(secret) == false)
    }
}

@Suite struct EBSSettingsTests {
    @Test func velerosNamesAreUnderstood() throws {
        let configuration = try EBSConfiguration(
            ["region": "eu-west-1", "profile": "p", "credentialsFile": "/c", "ebsKmsKeyId": "k"], environment: [:])
        #expect(configuration.address.text == "https://ec2.eu-west-1.amazonaws.com")
        #expect(configuration.encryptionKey == "k")
        #expect(try EBSConfiguration(["region": "cn-north-1"]).address.authority.hasSuffix(".amazonaws.com.cn"))
        #expect(try EBSConfiguration([:], environment: ["AWS_REGION": "us-west-2"]).region == "us-west-2")
    }

    @Test func whatCannotWorkIsRefused() {
        for settings in [
            [:], ["region": "evil.example.com/"], ["region": "a", "colour": "red"], ["region": "a", "timeout": "0"],
            ["region": "a", "insecure": "maybe"], ["region": "a", "endpoint": "ftp://x"],
        ] {
            let error = #expect(throws: VolumeSnapshotError.self) {
                _ = try EBSConfiguration(settings, environment: [:])
            }
            #expect(error?.kind == .invalidConfiguration)
        }
    }

    @Test func codesHaveTheirKinds() {
        func kind(_ code: String, _ status: Int = 400) -> VolumeSnapshotError.Kind {
            let text = "<Response><Errors><Error><Code>\(code)</Code><Message>m</Message></Error></Errors></Response>"
            return EC2Failure(status: status, document: XMLElement.parse(Array(text.utf8))).kind
        }
        #expect(kind("InvalidSnapshot.NotFound") == .notFound)
        #expect(kind("UnauthorizedOperation", 403) == .accessDenied)
        #expect(kind("AuthFailure", 401) == .unauthenticated)
        #expect(kind("RequestLimitExceeded", 503) == .throttled)
        #expect(kind("VolumeLimitExceeded") == .outOfSpace)
        #expect(kind("InternalError", 500) == .unavailable)
        #expect(kind("IncorrectState") == .other(code: "IncorrectState"))
        #expect(EC2Failure(status: 502, document: nil).kind == .unavailable)
        // Its words are anybody's, and go to a terminal.
        let nasty = "<Error><Code>Odd</Code><Message>\u{1B}[2J\(String(repeating: "x", count: 5000))</Message></Error>"
        let reason = EC2Failure(status: 400, document: XMLElement.parse(Array(nasty.utf8))).reason
        #expect(!reason.contains("\u{1B}") && reason.hasPrefix("Odd: ") && reason.count <= 1000)
    }

    /// What gives credentials and fails for a moment is asked again; that there are none is final.
    @Test(arguments: [true, false]) func credentialsThatAreNotThere(isPassing: Bool) async throws {
        let credentials = NoCredentials(isPassing: isPassing)
        let snapshotter = EBSSnapshotter(
            try EBSConfiguration(["region": "eu-west-1"], environment: [:]), credentials: credentials,
            http: try CurlClient(), retry: RetryPolicy(attempts: 3, base: .zero, cap: .zero))
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await snapshotter.volumeInfo("vol-0a", zone: nil)
        }
        #expect(error?.kind == (isPassing ? .unavailable : .unauthenticated))
        #expect(credentials.count == (isPassing ? 3 : 1))
    }
}

private final class NoCredentials: CredentialsProvider {
    private let isPassing: Bool
    private let asked = Mutex(0)

    var count: Int { asked.withLock { $0 } }

    init(isPassing: Bool) { self.isPassing = isPassing }

    func credentials() async throws -> AWSCredentials {
        asked.withLock { $0 += 1 }
        throw CredentialsError("as the test asked", isPassing: isPassing)
    }

    func invalidate() async {}
}

/// Passes requests on, and loses or changes answers.
private final class ForgetfulClient: HTTPClient {
    private struct State {
        var losses: [String: Int]
        var blind: Int
        var forms: [String] = []
    }

    private let inner: any HTTPClient
    private let state: Mutex<State>
    private let replacement: (String, String)?

    /// - Parameters:
    ///   - losses: how many answers are lost, by action.
    ///   - blind: how many searches by a tag find nothing, before any answer to a search is lost.
    init(_ inner: any HTTPClient, losing losses: [String: Int], blind: Int = 0) {
        self.inner = inner
        state = Mutex(State(losses: losses, blind: blind))
        replacement = nil
    }

    init(_ inner: any HTTPClient, replacing replacement: (String, String)) {
        self.inner = inner
        state = Mutex(State(losses: [:], blind: 0))
        self.replacement = replacement
    }

    /// How often an action was asked for.
    func count(of action: String) -> Int {
        state.withLock { $0.forms.count { $0.contains("Action=\(action)&") } }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let response = try await inner.send(request)
        var text = String(decoding: try await response.body.collect(upTo: 1 << 20), as: UTF8.self)
        var status = response.status
        if case .bytes(let form) = request.body, let answer = answer(to: String(decoding: form, as: UTF8.self)) {
            (status, text) = answer
        }
        if let replacement { text = text.replacingOccurrences(of: replacement.0, with: replacement.1) }
        return HTTPResponse(
            status: status, headers: response.headers, majorVersion: 1, body: ByteStream(Array(text.utf8)))
    }

    /// What is answered instead; nil for what the server says.
    private func answer(to form: String) -> (status: Int, text: String)? {
        state.withLock { state in
            state.forms.append(form)
            if form.contains("Filter.1.Name=tag"), state.blind > 0 {
                state.blind -= 1
                return (200, "<Response><snapshotSet/></Response>")
            }
            guard let (action, left) = state.losses.first(where: { form.contains("Action=\($0.key)&") }), left > 0
            else { return nil }
            state.losses[action] = left - 1
            return (503, "")
        }
    }
}
