"""Pages for people: server-rendered, without other hosts, in Chinese and English, on a phone and a wide screen."""
