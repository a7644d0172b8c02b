package import GRPCCore
package import GodwitPluginAPI

/// How the kinds of errors travel: as gRPC's own status codes, which any program may use, and exactly in the trailing
/// metadata, which programs made with GodwitPluginSDK add.
package enum WireErrors {
    /// The trailing metadata that names the kind of an error.
    package static let kindKey = "godwit-error-kind"
    /// The trailing metadata that says how many milliseconds to wait before another try.
    package static let retryKey = "godwit-retry-after-ms"
}

extension ObjectStoreError {
    /// The kinds, by the names under which they travel.
    private static let names: [(name: String, kind: Kind, code: RPCError.Code)] = [
        ("notFound", .notFound, .notFound),
        ("bucketNotFound", .bucketNotFound, .failedPrecondition),
        ("alreadyExists", .alreadyExists, .alreadyExists),
        ("invalidRange", .invalidRange, .outOfRange),
        ("invalidKey", .invalidKey, .invalidArgument),
        ("accessDenied", .accessDenied, .permissionDenied),
        ("unauthenticated", .unauthenticated, .unauthenticated),
        ("clockSkew", .clockSkew, .unauthenticated),
        ("locked", .locked, .failedPrecondition),
        ("outOfSpace", .outOfSpace, .resourceExhausted),
        ("corrupted", .corrupted, .dataLoss),
        ("changed", .changed, .aborted),
        ("throttled", .throttled, .resourceExhausted),
        ("unavailable", .unavailable, .unavailable),
        ("connection", .connection, .unavailable),
        ("invalidConfiguration", .invalidConfiguration, .invalidArgument),
    ]

    /// The error as it travels.
    package var wire: RPCError {
        let known = Self.names.first { $0.kind == kind }
        var metadata = Metadata()
        if let known {
            metadata.addString(known.name, forKey: WireErrors.kindKey)
        } else if case .other(let code) = kind {
            metadata.addString("other:\(code.prefix(100))", forKey: WireErrors.kindKey)
        }
        if let retryAfter {
            let (seconds, attoseconds) = retryAfter.components
            metadata.addString("\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)", forKey: WireErrors.retryKey)
        }
        return RPCError(code: known?.code ?? .unknown, message: reason ?? summary, metadata: metadata)
    }

    /// The kind and the wait that an error which travelled has; the kind is nil where nothing tells it.
    package static func read(_ error: RPCError) -> (kind: Kind?, retryAfter: Duration?) {
        let retry = error.metadata[stringValues: WireErrors.retryKey].first { _ in true }
            .flatMap { Int64($0) }.map { Duration.milliseconds(min(max($0, 0), 3_600_000)) }
        if let name = error.metadata[stringValues: WireErrors.kindKey].first(where: { _ in true }) {
            if let known = names.first(where: { $0.name == name }) { return (known.kind, retry) }
            if name.hasPrefix("other:") { return (.other(code: String(name.dropFirst(6).prefix(100))), retry) }
        }
        let kind: Kind? =
            switch error.code {
            case .notFound: .notFound
            case .alreadyExists: .alreadyExists
            case .outOfRange: .invalidRange
            case .permissionDenied: .accessDenied
            case .unauthenticated: .unauthenticated
            case .resourceExhausted: .throttled
            case .dataLoss: .corrupted
            case .unavailable: .unavailable
            default: nil
            }
        return (kind, retry)
    }
}

extension VolumeSnapshotError {
    private static let names: [(name: String, kind: Kind, code: RPCError.Code)] = [
        ("notFound", .notFound, .notFound),
        ("accessDenied", .accessDenied, .permissionDenied),
        ("unauthenticated", .unauthenticated, .unauthenticated),
        ("outOfSpace", .outOfSpace, .resourceExhausted),
        ("throttled", .throttled, .resourceExhausted),
        ("unavailable", .unavailable, .unavailable),
        ("connection", .connection, .unavailable),
        ("invalidConfiguration", .invalidConfiguration, .invalidArgument),
    ]

    /// The error as it travels.
    package var wire: RPCError {
        let known = Self.names.first { $0.kind == kind }
        var metadata = Metadata()
        if let known { metadata.addString(known.name, forKey: WireErrors.kindKey) }
        if case .other(let code) = kind { metadata.addString("other:\(code.prefix(100))", forKey: WireErrors.kindKey) }
        return RPCError(code: known?.code ?? .unknown, message: reason ?? summary, metadata: metadata)
    }

    /// The kind that an error which travelled has; nil where nothing tells it.
    package static func kind(of error: RPCError) -> Kind? {
        if let name = error.metadata[stringValues: WireErrors.kindKey].first(where: { _ in true }) {
            if let known = names.first(where: { $0.name == name }) { return known.kind }
            if name.hasPrefix("other:") { return .other(code: String(name.dropFirst(6).prefix(100))) }
        }
        return switch error.code {
        case .notFound: .notFound
        case .permissionDenied: .accessDenied
        case .unauthenticated: .unauthenticated
        case .resourceExhausted: .throttled
        case .unavailable: .unavailable
        default: nil
        }
    }
}
