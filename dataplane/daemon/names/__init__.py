"""What a daemon's containers know of each other: name servers in their namespaces, and their files in /etc."""
