// swift-tools-version: 6.1

import PackageDescription

// The generators of Sources/PluginProtocol/Generated, at the versions whose output is committed. A package of its own:
// who builds Godwit does not build them. `make protos` does.
let package = Package(
    name: "protoc-plugins",
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
    ],
    targets: [
        .target(
            name: "Generators",
            dependencies: [
                .product(name: "SwiftProtobuf", package: "swift-protobuf")
            ])
    ]
)
