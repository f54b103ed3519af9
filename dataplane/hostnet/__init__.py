"""What a lab changes on the host so that its containers have a way out and its published ports a way in; and nothing else.

``rules`` says what is wanted, ``script`` writes it as nftables (both pure). ``nft``, ``ledger`` and ``place`` carry things out:
a table of the lab's own, sysctls that several labs share, in the host's network namespace or the one that the file names.
``undo`` removes it all, whatever was killed and when. ``sockets`` and the two relays hold the published ports. The whole is
told in docs/host.md.
"""
