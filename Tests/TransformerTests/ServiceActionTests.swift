import GodwitModel
import RestoreFixes
import Testing

@Suite struct ServiceActionTests {
    private let action = ServiceAction()

    /// As an API server of 1.30 gives a NodePort service.
    private func service(_ change: (inout KubernetesObject) -> Void = { _ in }) throws -> KubernetesObject {
        var service = try object(
            """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop","uid":"u"},"spec":{
            "clusterIP":"10.0.171.9","clusterIPs":["10.0.171.9"],"externalTrafficPolicy":"Cluster",
            "internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[
            {"name":"http","nodePort":30080,"port":80,"protocol":"TCP","targetPort":8080},
            {"name":"https","nodePort":30443,"port":443,"protocol":"TCP","targetPort":8443}],
            "selector":{"app":"web"},"sessionAffinity":"None","type":"NodePort"},"status":{"loadBalancer":{}}}
            """)
        change(&service)
        return service
    }

    private func nodePorts(_ service: KubernetesObject) -> [JSONValue?] {
        (service[path: "spec", "ports"]?.array ?? []).map { $0["nodePort"] }
    }

    @Test func removesWhatTheClusterAllocated() async throws {
        let restored = try await action.restored(service())
        #expect(restored[path: "spec", "clusterIP"] == nil)
        #expect(restored[path: "spec", "clusterIPs"] == nil)
        #expect(restored[path: "spec", "ipFamilies"] == ["IPv4"])
        #expect(nodePorts(restored) == [nil, nil])
    }

    @Test func keepsAHeadlessServiceHeadless() async throws {
        let restored = try await action.restored(
            service {
                $0[path: "spec", "clusterIP"] = "None"
                $0[path: "spec", "clusterIPs"] = ["None"]
            })
        #expect(restored[path: "spec", "clusterIP"] == "None")
        #expect(restored[path: "spec", "clusterIPs"] == ["None"])
    }

    @Test func keepsPortsWhenAsked() async throws {
        var context = FakeRestoreContext()
        context.restore.spec.preserveNodePorts = true
        let restored = try await action.restored(service(), context)
        #expect(nodePorts(restored) == [30080, 30443])
        #expect(restored[path: "spec", "clusterIP"] == nil)
    }

    @Test func keepsPortsThatWereApplied() async throws {
        let applied = #"{"spec":{"ports":[{"name":"http","nodePort":30080,"port":80},{"name":"https","port":443}]}}"#
        let restored = try await action.restored(
            service { $0.annotations = ["kubectl.kubernetes.io/last-applied-configuration": applied] })
        #expect(nodePorts(restored) == [30080, nil])
    }

    @Test func keepsAnUnnamedPortByItsNumber() async throws {
        for (applied, expected) in [
            ("30080", JSONValue?.some(30080)), ("\"30080\"", 30080), ("30081", JSONValue?.none),
        ] {
            let restored = try await action.restored(
                service {
                    $0[path: "spec", "ports"] = [["port": 80, "protocol": "TCP", "nodePort": 30080]]
                    $0.annotations = [
                        "kubectl.kubernetes.io/last-applied-configuration":
                            #"{"spec":{"ports":[{"nodePort":\#(applied),"port":80}]}}"#
                    ]
                })
            #expect(nodePorts(restored) == [expected])
        }
    }

    @Test func keepsPortsOfServerSideApply() async throws {
        let restored = try await action.restored(
            service {
                $0[path: "metadata", "managedFields"] = [
                    [
                        "manager": "kubectl", "operation": "Apply",
                        "fieldsV1": [
                            "f:spec": [
                                "f:ports": [
                                    #"k:{"port":80,"protocol":"TCP"}"#: [".": [:], "f:port": [:]],
                                    #"k:{"port":443,"protocol":"TCP"}"#: [".": [:], "f:nodePort": [:]],
                                ]
                            ]
                        ],
                    ]
                ]
            })
        #expect(nodePorts(restored) == [nil, 30443])
    }

    @Test func treatsTheHealthCheckPortAlike() async throws {
        func balancer(_ policy: String, applied: String? = nil) throws -> KubernetesObject {
            try service {
                $0[path: "spec", "type"] = "LoadBalancer"
                $0[path: "spec", "externalTrafficPolicy"] = .string(policy)
                $0[path: "spec", "healthCheckNodePort"] = 31000
                $0[path: "spec", "loadBalancerIP"] = "192.0.2.1"
                if let applied { $0.annotations = ["kubectl.kubernetes.io/last-applied-configuration": applied] }
            }
        }
        let local = try await action.restored(balancer("Local"))
        #expect(local[path: "spec", "healthCheckNodePort"] == nil)
        #expect(local[path: "spec", "loadBalancerIP"] == "192.0.2.1")
        let cluster = try await action.restored(balancer("Cluster"))
        #expect(cluster[path: "spec", "healthCheckNodePort"] == 31000)
        let chosen = try await action.restored(balancer("Local", applied: #"{"spec":{"healthCheckNodePort":31000}}"#))
        #expect(chosen[path: "spec", "healthCheckNodePort"] == 31000)
    }

    @Test func warnsOfABrokenAnnotation() async throws {
        let outcome = try await action.outcome(
            service { $0.annotations = ["kubectl.kubernetes.io/last-applied-configuration": "{"] })
        #expect(outcome.warnings.count == 1)
        #expect(nodePorts(try #require(outcome.item)) == [nil, nil])
    }

    @Test func leavesAnExternalName() async throws {
        let external = try object(
            """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},
            "spec":{"type":"ExternalName","externalName":"db.example.com"}}
            """)
        #expect(try await action.restored(external) == external)
    }
}
