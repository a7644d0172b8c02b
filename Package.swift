// swift-tools-version: 6.1

import PackageDescription

// Rooms and arrows are described in docs/architecture.md. A target may import targets below it, never above;
// Tests/ArchitectureTests fails on a forbidden edge.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target of the house under `Sources/`.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A plugin module under `Plugins/`: it sees the plugin API and what it names, never the engine.
func plugin(_ name: String, at path: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: ["GodwitModel", "GodwitPluginAPI"] + dependencies,
        path: "Plugins/\(path)",
        swiftSettings: strict
    )
}

/// A program of plugins, written as an integrator writes one, under `samples/plugins/`.
func sample(_ name: String, at path: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["GodwitPluginSDK"], path: "samples/plugins/\(path)",
        swiftSettings: [.swiftLanguageMode(.v6)])
}

/// The test target of a room or plugin, under `Tests/`.
func tests(_ name: String, _ dependencies: [Target.Dependency], excluding: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: excluding, swiftSettings: strict)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let grpc = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcTransport = Target.Dependency.product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
    name: "godwit",
    products: [
        .executable(name: "godwit", targets: ["godwit"]),
        .library(name: "GodwitPluginAPI", targets: ["GodwitModel", "Streams", "GodwitPluginAPI"]),
        .library(name: "GodwitPluginSDK", targets: ["GodwitModel", "Streams", "GodwitPluginAPI", "GodwitPluginSDK"]),
        .library(name: "GodwitTestKit", targets: ["GodwitTestKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CLibZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CAllocator"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CBtrfs"),
        .systemLibrary(name: "CProcess"),

        room("GodwitModel"),
        room("Streams"),
        room("GodwitPluginAPI", ["GodwitModel", "Streams"]),
        room("Tarball", ["GodwitModel", "Streams", "CLibArchive", "CLibZstd", "CLibZ"]),
        room("HTTPTransport", ["GodwitModel", "Streams", "CLibCurl"]),
        room("KubernetesClient", ["GodwitModel", "Streams", "HTTPTransport", crypto, yams]),
        room("VolumeRepository", ["GodwitModel", "Streams", "GodwitPluginAPI", "Tarball", "CLibSodium", "CLinux"]),
        .target(
            name: "PluginProtocol",
            dependencies: ["GodwitModel", "GodwitPluginAPI", grpc, grpcProtobuf, nio, protobuf],
            exclude: ["Protos"], swiftSettings: strict),
        room(
            "PluginHost",
            ["GodwitModel", "Streams", "GodwitPluginAPI", "PluginProtocol", "CProcess", grpc, grpcTransport, protobuf]),
        room(
            "GodwitPluginSDK",
            ["GodwitModel", "Streams", "GodwitPluginAPI", "PluginProtocol", grpc, grpcTransport, protobuf]),
        room(
            "GodwitEngine",
            [
                "GodwitModel", "Streams", "GodwitPluginAPI", "Tarball", "KubernetesClient", "VolumeRepository", crypto,
            ]),

        plugin("FilesystemObjectStore", at: "ObjectStores/Filesystem", ["Streams"]),
        plugin("CloudStorage", at: "ObjectStores/Shared", ["Streams", "HTTPTransport", crypto, cryptoExtras]),
        plugin("AWS", at: "AWS", ["CloudStorage", "Streams", "HTTPTransport", crypto]),
        plugin("S3ObjectStore", at: "ObjectStores/S3", ["AWS", "CloudStorage", "Streams", "HTTPTransport", crypto]),
        plugin("AzureObjectStore", at: "ObjectStores/Azure", ["CloudStorage", "Streams", "HTTPTransport", crypto]),
        plugin("GCSObjectStore", at: "ObjectStores/GCS", ["CloudStorage", "Streams", "HTTPTransport", crypto]),
        plugin("EBSSnapshotter", at: "Snapshotters/EBS", ["AWS", "CloudStorage", "Streams", "HTTPTransport"]),
        plugin("CSISnapshotter", at: "Snapshotters/CSI", ["Streams", crypto]),
        plugin("BtrfsSnapshotter", at: "Snapshotters/Btrfs", ["Streams", "CBtrfs"]),
        plugin("FieldPaths", at: "Transformers/FieldPaths"),
        plugin("NamespaceMapping", at: "Transformers/NamespaceMapping", ["FieldPaths"]),
        plugin("ReclaimPolicy", at: "Transformers/ReclaimPolicy"),
        plugin("ImageRegistry", at: "Transformers/ImageRegistry", ["FieldPaths"]),
        plugin("StorageClassMapping", at: "Transformers/StorageClass", ["FieldPaths"]),
        plugin("ClaimMapping", at: "Transformers/ClaimMapping", ["FieldPaths"]),
        plugin("ResourceModifiers", at: "Transformers/ResourceModifiers", [yams]),
        plugin("RestoreFixes", at: "Transformers/RestoreFixes", ["FieldPaths", crypto]),
        plugin("BackupActions", at: "Transformers/BackupActions"),
        plugin("SelectedNode", at: "Transformers/SelectedNode"),
        plugin("PodRequirements", at: "Transformers/PodRequirements", ["FieldPaths"]),
        plugin("MetadataRules", at: "Transformers/Metadata", ["FieldPaths"]),
        plugin("Replicas", at: "Transformers/Replicas"),
        plugin("CronJobSuspension", at: "Transformers/CronJobSuspension"),
        plugin("HostMapping", at: "Transformers/Hosts", ["FieldPaths"]),
        plugin("NodePorts", at: "Transformers/NodePorts"),
        plugin("SecurityContextConstraints", at: "Transformers/SecurityContextConstraints"),
        plugin("OpenShift", at: "Transformers/OpenShift", ["FieldPaths"]),
        plugin("KubeVirt", at: "Transformers/KubeVirt", ["FieldPaths", crypto]),
        plugin("PluginConfiguration", at: "Transformers/PluginConfiguration", ["FieldPaths"]),

        .executableTarget(
            name: "godwit",
            dependencies: [
                "CAllocator", "GodwitModel", "Streams", "GodwitPluginAPI", "HTTPTransport", "KubernetesClient",
                "GodwitEngine", "VolumeRepository", "PluginHost", "GodwitTestKit", "FilesystemObjectStore",
                "S3ObjectStore", "AzureObjectStore", "GCSObjectStore", "EBSSnapshotter", "CSISnapshotter",
                "BtrfsSnapshotter",
                "NamespaceMapping", "ClaimMapping", "ReclaimPolicy", "ImageRegistry", "StorageClassMapping",
                "ResourceModifiers", "RestoreFixes", "BackupActions", "SelectedNode", "PodRequirements",
                "MetadataRules",
                "Replicas", "CronJobSuspension", "HostMapping", "NodePorts", "SecurityContextConstraints", "OpenShift",
                "KubeVirt", "PluginConfiguration",
                arguments, yams,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "GodwitTestKit",
            dependencies: ["GodwitModel", "Streams", "GodwitPluginAPI"],
            swiftSettings: strict
        ),
        tests("GodwitModelTests", ["GodwitModel", "GodwitTestKit"]),
        tests("StreamsTests", ["Streams"]),
        tests("TarballTests", ["Tarball", "GodwitModel", "GodwitTestKit", "Streams"]),
        tests("HTTPTransportTests", ["HTTPTransport", "Streams"]),
        tests(
            "KubernetesClientTests",
            ["KubernetesClient", "GodwitModel", "GodwitTestKit", "Streams", "HTTPTransport", "ProgramTestKit", crypto]),
        tests(
            "GodwitEngineTests",
            [
                "GodwitEngine", "GodwitModel", "GodwitPluginAPI", "GodwitTestKit", "KubernetesClient", "Streams",
                "Tarball", "FilesystemObjectStore", "VolumeRepository",
            ]
        ),
        tests(
            "VolumeRepositoryTests",
            [
                "VolumeRepository", "GodwitModel", "GodwitPluginAPI", "GodwitTestKit", "Streams", "Tarball",
                "FilesystemObjectStore", "GodwitEngine",
            ]
        ),
        tests(
            "ObjectStoreTests",
            [
                "GodwitTestKit", "GodwitPluginAPI", "GodwitModel", "Streams", "FilesystemObjectStore", "CloudStorage",
                "S3ObjectStore", "AzureObjectStore", "GCSObjectStore", "AWS", "HTTPTransport", "GodwitEngine",
                "VolumeRepository", "ProgramTestKit",
            ]
        ),
        tests(
            "SnapshotterTests",
            [
                "GodwitTestKit", "GodwitPluginAPI", "GodwitModel", "Streams", "EBSSnapshotter", "CSISnapshotter",
                "BtrfsSnapshotter", "AWS", "CloudStorage", "HTTPTransport", "GodwitEngine", "KubernetesClient",
                "ProgramTestKit",
            ]
        ),
        tests(
            "TransformerTests",
            [
                "GodwitModel", "GodwitPluginAPI", "GodwitTestKit", "NamespaceMapping", "ClaimMapping", "ReclaimPolicy",
                "ImageRegistry",
                "StorageClassMapping", "ResourceModifiers", "RestoreFixes", "BackupActions", "FieldPaths",
                "SelectedNode", "PodRequirements", "MetadataRules",
                "Replicas", "CronJobSuspension", "HostMapping", "NodePorts", "SecurityContextConstraints", "OpenShift",
                "KubeVirt", "PluginConfiguration",
            ]),
        .executableTarget(
            name: "plugin-calls", dependencies: ["PluginHost", "GodwitPluginSDK"], path: "Benchmarks/PluginCalls",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        sample("sample-shelf", at: "shelf"),
        sample("sample-vault", at: "vault"),
        sample("sample-quieten", at: "quieten"),
        .executableTarget(
            name: "hostile-plugin",
            dependencies: ["PluginProtocol", grpc, grpcTransport, protobuf], path: "Tests/HostilePlugin",
            swiftSettings: strict),
        tests(
            "PluginHostTests",
            [
                "PluginHost", "PluginProtocol", "GodwitEngine", "GodwitModel", "GodwitPluginAPI", "GodwitPluginSDK",
                "GodwitTestKit", "KubernetesClient", "FilesystemObjectStore", "Streams", "ProgramTestKit",
                "sample-shelf", "sample-vault", "sample-quieten", "hostile-plugin", grpc, nioEmbedded,
            ]),
        tests("ArchitectureTests", ["GodwitModel"]),
        .target(name: "ProgramTestKit", path: "Tests/ProgramTestKit", swiftSettings: strict),
        tests(
            "CommandLineTests",
            [
                "ProgramTestKit", "GodwitModel", yams, "sample-shelf", "sample-quieten", "sample-vault",
                "hostile-plugin",
            ], excluding: ["Golden"]),
        tests(
            "IntegrationTests",
            [
                "GodwitEngine", "GodwitModel", "GodwitPluginAPI", "GodwitTestKit", "KubernetesClient", "HTTPTransport",
                "Streams", "FilesystemObjectStore", "S3ObjectStore", "AWS", "CloudStorage",
                "ProgramTestKit",
            ],
            excluding: ["Fixtures"]
        ),
    ]
)

// The fuzz harnesses are tests in every normal build: they replay the corpus. Where GODWIT_FUZZING is set, the same
// sources are a program for libFuzzer instead; docs/testing.md says how to build and run it.
let fuzzed: [Target.Dependency] = [
    "GodwitModel", "Streams", "GodwitPluginAPI", "Tarball", "KubernetesClient", "VolumeRepository", "GodwitEngine",
    "CloudStorage", "AWS", "S3ObjectStore", "AzureObjectStore", "GCSObjectStore", "EBSSnapshotter", "HTTPTransport",
    "PluginHost", "PluginProtocol", "GodwitTestKit", grpc,
]
if Context.environment["GODWIT_FUZZING"] == nil {
    package.targets.append(tests("FuzzTests", fuzzed, excluding: ["Corpus", "Driver"]))
} else {
    package.targets.append(
        .executableTarget(
            name: "godwit-fuzz", dependencies: fuzzed, path: "Tests/FuzzTests", exclude: ["Corpus", "Replay"],
            swiftSettings: strict))
}
