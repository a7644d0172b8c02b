import Foundation
package import GodwitPluginAPI

extension PutOptions {
    /// What a conditional put leaves on its object, so that it knows it again when an answer was lost; nil for puts
    /// without condition. It must be made before the first attempt.
    package func makeMark() -> String? { ifAbsent ? UUID().uuidString.lowercased() : nil }
}
