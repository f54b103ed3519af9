"""The Docker Engine API on a Unix socket, over any ``daemon.face.Daemon``.

``server`` listens; ``routes`` lists what is answered, ``call`` is one request. ``asked*`` are the requests' bodies, checked;
``*_wish`` make wishes of them; ``shown*`` make Docker's objects of a State: both without I/O. The rest answers, by subject.
"""
