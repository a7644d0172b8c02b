import CloudStorage
import Crypto
import Foundation
import GodwitPluginAPI
import HTTPTransport

extension S3Configuration {
    /// The headers that say how a new object is stored: those of PutObject and CreateMultipartUpload.
    func storageHeaders(_ options: PutOptions) -> HTTPHeaders {
        var headers: HTTPHeaders = ["Content-Type": options.contentType ?? "application/octet-stream"]
        headers["x-amz-storage-class"] = storageClass
        headers["x-amz-tagging"] = tagging
        if let until = options.retainUntil {
            // Without a configured mode the bucket has no lock; the server then refuses, which is better than an
            // object that its writer believes to be protected.
            headers["x-amz-object-lock-mode"] = (objectLock ?? .governance).rawValue
            headers["x-amz-object-lock-retain-until-date"] = ServiceDate.extended(until)
        }
        if holds(options) { headers["x-amz-object-lock-legal-hold"] = "ON" }
        switch encryption {
        case .bucketDefault: break
        case .aes256: headers["x-amz-server-side-encryption"] = "AES256"
        case .kms(let keyID):
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = keyID
        case .customerKey: addCustomerKey(&headers)
        }
        return headers
    }

    /// The headers with which an object under a customer's key is written and read.
    func addCustomerKey(_ headers: inout HTTPHeaders) {
        guard case .customerKey(let key) = encryption else { return }
        headers["x-amz-server-side-encryption-customer-algorithm"] = "AES256"
        headers["x-amz-server-side-encryption-customer-key"] = base64(key.bytes)
        headers["x-amz-server-side-encryption-customer-key-MD5"] = base64(Insecure.MD5.hash(data: key.bytes))
    }
}
