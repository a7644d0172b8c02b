import Foundation
package import GodwitPluginAPI

extension PutOptions {
    /// What a put leaves on its object that its own repetition would find in the way, so that it knows it again when an
    /// answer was lost; nil for puts that may simply be repeated. It must be made before the first attempt.
    ///
    /// - Parameter isProtected: whether the object cannot be overwritten once it is there.
    package func makeMark(isProtected: Bool = false) -> String? {
        ifAbsent || isProtected ? UUID().uuidString.lowercased() : nil
    }
}
