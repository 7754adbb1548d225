def readme(store, found): return ""
