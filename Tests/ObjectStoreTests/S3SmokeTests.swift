import GodwitPluginAPI
import S3ObjectStore
import Streams
import Testing

@Suite(.enabled(if: S3Server.areThere, "needs the testbed")) struct S3SmokeTests {
    @Test(arguments: S3Server.allCases) func putAndGet(server: S3Server) async throws {
        let store = try server.store()
        let key = S3Server.prefix("smoke") + "a"
        print("put", server)
        try await store.put(key, .bytes([1, 2, 3]), options: PutOptions())
        print("stat", server)
        #expect(try await store.stat(key)?.size == 3)
        print("get", server)
        #expect(try await store.get(key, range: nil).body.collect(upTo: 10) == [1, 2, 3])
        print("delete", server)
        try await store.delete([key])
    }
}
