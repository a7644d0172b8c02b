// One import is enough to write a plugin.
@_exported public import GodwitModel
@_exported public import GodwitPluginAPI
@_exported public import Streams
