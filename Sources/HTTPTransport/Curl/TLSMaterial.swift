import Glibc

/// The PEM text of a TLS configuration at an address that stays, so that libcurl need not copy it for each handle.
final class TLSMaterial: Sendable {
    let certificateAuthority: SecretBytes?
    let clientCertificate: SecretBytes?
    let clientKey: SecretBytes?

    init(_ configuration: TLSConfiguration) {
        certificateAuthority = Self.bytes(configuration.certificateAuthority)
        clientCertificate = Self.bytes(configuration.clientCertificate)
        clientKey = Self.bytes(configuration.clientKey)
    }

    private static func bytes(_ source: TLSConfiguration.Source?) -> SecretBytes? {
        if case .data(let bytes) = source { SecretBytes(bytes) } else { nil }
    }
}

/// Bytes at a fixed address, wiped when they are freed.
///
/// Unchecked because a pointer cannot be Sendable: nothing writes to the memory between init and deinit.
final class SecretBytes: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let count: Int

    init(_ bytes: [UInt8]) {
        count = bytes.count
        pointer = .allocate(byteCount: max(1, bytes.count), alignment: 1)
        bytes.withUnsafeBytes {
            pointer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(pointer), byteCount: $0.count)
        }
    }

    deinit {
        explicit_bzero(pointer, count)
        pointer.deallocate()
    }
}
