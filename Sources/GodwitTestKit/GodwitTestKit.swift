// GodwitTestKit
