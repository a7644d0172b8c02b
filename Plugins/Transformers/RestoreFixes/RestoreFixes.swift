// RestoreFixes
